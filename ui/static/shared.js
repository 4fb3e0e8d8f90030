// The page of one shared answer: its quotes open as in the chat.
import "./copy.js";
import "./feedback.js";
import "./keys.js";
import { open } from "./panel.js";
import { markers } from "./util.js";

const [first] = markers(document);
if (first) open(first, false);
