// The keyboard: quotes with j and k or Alt and arrows, ? for the list of keys.
import { copyQuote } from "./copy.js";
import { openButton, walk } from "./panel.js";
import { hide } from "./preview.js";
import { byId, typing } from "./util.js";

const STEPS = { j: 1, k: -1 };
const ARROWS = { ArrowDown: 1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  const { key, altKey, ctrlKey, metaKey } = event;
  if (key === "Escape") {
    if (hide()) event.stopImmediatePropagation();
    return;
  }
  if (ctrlKey || metaKey || document.querySelector("dialog[open]")) return;
  if (altKey) {
    if (!ARROWS[key]) return;
    event.preventDefault();
    walk(ARROWS[key]);
    return;
  }
  if (typing(event.target)) return;
  if (STEPS[key]) walk(STEPS[key]);
  else if (key === "c") copyQuote(openButton()?.closest(".pq-quote") ?? figureOf(openButton()));
  else if (key === "?") byId("pq-keys-dialog").showModal();
  else if (key === "/") {
    const box = document.querySelector("#pq-question-box textarea");
    if (!box) return;
    event.preventDefault();
    box.focus();
  }
}, true);

// A marker in a model's prose stands outside of its quote.
function figureOf(button) {
  return [...(button?.closest(".pq-answer")?.querySelectorAll(".pq-quote") ?? [])].find(
    (figure) => figure.querySelector(".pq-marker")?.dataset.marker === button.dataset.marker,
  );
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#pq-keys")) byId("pq-keys-dialog").showModal();
});
