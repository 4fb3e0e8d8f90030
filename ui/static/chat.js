// The chat page: waits until Gradio has drawn it, then fills it.
import { edit, leaveEditing, openChat, resume, send } from "./asking.js";
import "./copy.js";
import "./feedback.js";
import { showPublishers } from "./filters.js";
import "./keys.js";
import { showExamples } from "./offers.js";
import "./past.js";
import * as store from "./store.js";
import { ask, byId } from "./util.js";

const EMPTY = "No articles yet: run pullquote ingest FOLDER";

async function about() {
  const { articles, model, publishers } = await (await ask("about")).json();
  const noun = articles === 1 ? "article" : "articles";
  const mode = model ? `Model ${model}` : "Quotes mode";
  byId("pq-status").textContent = `${mode} · ${articles.toLocaleString("en")} ${noun}`;
  if (!articles) byId("pq-welcome").textContent = EMPTY;
  showPublishers(publishers);
  return articles;
}

async function start() {
  const id = store.currentId() || store.newId();
  const opened = openChat(id).then(resume);
  try {
    if (await about()) await showExamples();
  } catch (error) {
    byId("pq-status").textContent = error.message;
  }
  await opened;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  const turn = button?.closest(".pq-turn.pq-last");
  if (!turn) return;
  if (button.classList.contains("pq-edit")) edit();
  if (button.classList.contains("pq-again")) {
    send(turn.querySelector(".pq-question").textContent, true);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (leaveEditing(true)) return;
  if (document.body.classList.contains("pq-asking")) byId("pq-stop").click();
});

const ready = () => byId("pq-log") && byId("pq-panel") && byId("pq-past-dialog");

if (ready()) start();
else {
  const watch = new MutationObserver(() => {
    if (!ready()) return;
    watch.disconnect();
    start();
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
}
