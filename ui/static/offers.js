// Questions to start with and to go on with. They come after what was asked for, never before.
import { busy, send } from "./asking.js";
import { filter } from "./filters.js";
import { ask, byId, element, post } from "./util.js";

const button = (text) =>
  element("button", { type: "button", class: "pq-offer", dir: "auto", text });

export async function showExamples() {
  let questions = [];
  try {
    questions = await (await ask("examples")).json();
  } catch (error) {
    console.warn("examples", error);
  }
  const box = byId("pq-examples");
  box.replaceChildren(...questions.map(button));
  box.hidden = !questions.length || Boolean(document.querySelector(".pq-turn"));
}

document.addEventListener("pq-answered", async ({ detail: { turn, last, before } }) => {
  if (!last.id) return;
  let questions = [];
  try {
    const body = { id: last.id, turns: before, filter: filter() };
    questions = await (await post("follow-ups", body)).json();
  } catch (error) {
    console.warn("follow-ups", error);
  }
  if (!questions.length || !turn.classList.contains("pq-last") || busy()) return;
  const label = { class: "pq-followups", role: "group", "aria-label": "Go on with" };
  turn.append(element("div", label, ...questions.map(button)));
});

document.addEventListener("click", (event) => {
  const offer = event.target.closest?.(".pq-offer");
  if (offer) send(offer.textContent);
});
