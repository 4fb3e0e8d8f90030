// The conversation on the page. Drawn in place: what is open, focused or selected stays so while
// an answer grows.
import { byId, element } from "./util.js";

const log = () => byId("pq-log");

export const turnsShown = () => [...(log()?.querySelectorAll(".pq-turn") ?? [])];

export function addTurn(question, html, id) {
  const number = turnsShown().length + 1;
  const edit = element("button", { type: "button", class: "pq-plain pq-edit", text: "Edit" });
  edit.setAttribute("aria-label", "Edit this question");
  const asked = element(
    "div", { class: "pq-asked" },
    element("p", { class: "pq-question", dir: "auto", text: question }), edit,
  );
  const reply = element("div", { class: "pq-reply" });
  const turn = element(
    "section",
    { class: "pq-turn", "data-turn": number, "aria-label": `Question ${number}` },
    asked, reply,
  );
  if (id) turn.dataset.id = id;
  byId("pq-welcome")?.setAttribute("hidden", "");
  byId("pq-examples").hidden = true;
  log().append(turn);
  if (html) reply.innerHTML = html;
  return turn;
}

export function pending(turn) {
  const line = element("p", { class: "pq-pending" });
  line.append(
    element("span", { class: "pq-doing", text: "Looking through the articles" }),
    element("span", { class: "pq-dots", "aria-hidden": "true" }),
  );
  turn.querySelector(".pq-reply").replaceChildren(line);
  turn.setAttribute("aria-busy", "true");
}

// `html` comes from the server, escaped.
export function draw(turn, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  morph(turn.querySelector(".pq-reply"), made.content);
}

function morph(old, fresh) {
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, place) => {
    const was = before[place];
    if (!was) old.append(node);
    else if (was.isEqualNode(node)) return;
    else if (was.nodeName === node.nodeName && was.nodeType === 1 && was.className ===
      node.className && !["TEMPLATE", "BUTTON"].includes(was.nodeName)) morph(was, node);
    else if (!sameButton(was, node)) was.replaceWith(node);
  });
  before.slice(after.length).forEach((node) => node.remove());
}

// Pressed or not, it is the same marker.
function sameButton(a, b) {
  if (a.nodeName !== "BUTTON" || b.nodeName !== "BUTTON") return false;
  const bare = (node) => {
    const copy = node.cloneNode(true);
    copy.removeAttribute("aria-pressed");
    copy.removeAttribute("aria-describedby");
    return copy;
  };
  return bare(a).isEqualNode(bare(b));
}

export function message(turn, text, ...buttons) {
  const line = element("p", { class: "pq-message", role: "alert", text });
  const actions = element("div", { class: "pq-actions" }, ...buttons);
  turn.querySelector(".pq-reply").replaceChildren(line, ...(buttons.length ? [actions] : []));
}

export const againButton = (text = "Try again") =>
  element("button", { type: "button", class: "pq-plain pq-again", text });

export function settled(turn) {
  turn.removeAttribute("aria-busy");
}

// Only the last question can be edited or asked again: later ones lean on those before.
export function markLast() {
  const turns = turnsShown();
  turns.forEach((turn, place) => {
    const last = place === turns.length - 1;
    turn.classList.toggle("pq-last", last);
    if (!last) turn.querySelector(".pq-followups")?.remove();
  });
}

export function clear() {
  for (const turn of turnsShown()) turn.remove();
  byId("pq-welcome").hidden = false;
}

// The conversation scrolls where it has a column of its own, else the window does.
export function toTurn(turn) {
  const box = byId("pq-conversation");
  if (getComputedStyle(box).overflowY === "auto") {
    box.scrollTop += turn.getBoundingClientRect().top - box.getBoundingClientRect().top - 12;
  } else {
    turn.scrollIntoView({ block: "start" });
  }
}
