// Asking: from the question to its answer on the page, whatever happens on the way.
import { filter } from "./filters.js";
import * as log from "./log.js";
import { HINT, hint, open } from "./panel.js";
import * as store from "./store.js";
import { announce, ask, byId, element, markers } from "./util.js";

const NO_QUOTE = "The articles don’t answer this. Choose one of the nearest quotes to read it here.";
const SLOW = 3000;
const PULSE = 4000;
const MOST_LATE = 3;
const LOST = "The server cannot be reached. Your question is kept here.";

let turns = []; // of this conversation, as they are stored
let live = null; // the turn that is being answered
let wanted = null; // what `again` sends
let timers = [];
let calls = 0; // of Gradio's events, and how many of them it is done with, in their order
let returns = 0;
let lost = false; // Gradio loads the page anew once a server that was gone is back

export const busy = () => live !== null;
const box = () => document.querySelector("#pq-question-box textarea");

export function type(text) {
  const field = box();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Gradio calls this with what was typed; what it returns goes to the server.
function asking(question) {
  calls += 1;
  const text = question ?? "";
  if (busy() || !text.trim()) return ["", ""];
  const editing = document.body.classList.contains("pq-editing");
  if (editing) leaveEditing(false);
  type("");
  return begin(text, editing);
}

// Turns as the server reads them; older ones do not change what a question means.
const sent = (some) => some.slice(-12).map(({ id, q, reply }) => id ?? { question: q, reply });

function again() {
  calls += 1;
  if (busy() || !wanted) return ["", ""];
  const { question, instead } = wanted;
  wanted = null;
  return begin(question, instead);
}

function begin(question, instead) {
  if (instead) {
    turns.pop();
    log.turnsShown().at(-1)?.remove();
  }
  if (!store.currentId()) store.setCurrent(store.newId());
  const before = sent(turns);
  const turn = log.addTurn(question);
  log.pending(turn);
  log.markLast();
  log.toTurn(turn);
  turns.push({ q: question });
  store.save(store.currentId(), turns);
  live = { turn, call: calls, late: 0 };
  if (lost) store.note("again", question);
  document.body.classList.add("pq-asking");
  timers = [setTimeout(slow, SLOW), setInterval(pulse, PULSE)];
  const context = { turns: before, filter: filter(), conversation: store.currentId() };
  return [question, JSON.stringify(context)];
}

// A question from elsewhere than the box: an example, a follow-up, the last one once more.
export function send(question, instead = false) {
  if (busy()) return;
  if (lost) {
    if (instead) store.note("again", question);
    else type(question);
    recover();
    return;
  }
  wanted = { question, instead };
  byId("pq-ask").click();
}

async function recover() {
  try {
    await ask("health");
    location.reload();
  } catch (error) {
    announce(error.message);
  }
}

// After such a load: what was to be asked once more, and what was being typed.
export function resume() {
  const question = store.note("again");
  store.note("again", "");
  if (question && turns.at(-1)?.q === question && !turns.at(-1).id) send(question, true);
  const draft = store.note("draft");
  if (draft && !box().value) type(draft);
}

document.addEventListener("input", (event) => {
  if (event.target === box()) store.note("draft", event.target.value);
});

function slow() {
  const doing = live?.turn.querySelector(".pq-doing");
  if (!doing) return;
  doing.textContent = "Still working";
  announce("Still working on the answer");
}

// While an answer is waited for: is the server there at all? One that is only busy is late, too.
async function pulse() {
  const asked = live;
  if (asked && (await gone(asked)) && live === asked) fail(LOST);
}

async function gone(asked) {
  try {
    await ask("health", {}, { signal: AbortSignal.timeout(PULSE) });
    asked.late = 0;
  } catch (error) {
    asked.late += error.late ? 1 : MOST_LATE;
  }
  return asked.late >= MOST_LATE;
}

function end() {
  timers.forEach(clearTimeout);
  if (live) log.settled(live.turn);
  live = null;
  document.body.classList.remove("pq-asking");
}

function fail(words) {
  const { turn } = live;
  lost = words === LOST;
  log.message(turn, words, log.againButton());
  end();
}

document.addEventListener("pq-turn", ({ detail }) => {
  if (!live || !detail?.html || detail.question !== turns.at(-1).q) return;
  const { turn } = live;
  log.draw(turn, detail.html);
  if (!detail.done) {
    clearTimeout(timers[0]);
    timers[0] = setTimeout(slow, SLOW);
    return;
  }
  const last = turns.at(-1);
  if (detail.id) turn.dataset.id = last.id = detail.id;
  else if (detail.reply) last.reply = detail.reply;
  else turn.querySelector(".pq-reply").append(
    element("div", { class: "pq-actions" }, log.againButton()),
  );
  store.save(store.currentId(), turns);
  lost = false;
  store.note("again", "");
  end();
  showFirst(turn);
  const before = sent(turns.slice(0, -1));
  document.dispatchEvent(new CustomEvent("pq-answered", { detail: { turn, last, before } }));
});

// Gradio is done with the question, however it went.
document.addEventListener("pq-settled", () => {
  returns += 1;
  setTimeout(failIfUnanswered, 300);
});

async function failIfUnanswered() {
  const asked = live;
  if (!asked || returns < asked.call) return;
  const words = (await gone(asked)) ? LOST : "The answer did not come through.";
  if (live === asked) fail(words);
}

document.addEventListener("pq-stop", () => {
  if (!live) return;
  const { turn } = live;
  turn.querySelector(".pq-pending")?.remove();
  const note = element("p", { class: "pq-notice", text: "Stopped." });
  const actions = element("div", { class: "pq-actions" }, log.againButton("Ask again"));
  turn.querySelector(".pq-reply").append(note, actions);
  end();
});

function showFirst(turn) {
  const [first] = markers(turn);
  if (first && !turn.querySelector(".pq-refused")) open(first, false);
  else hint(first ? NO_QUOTE : HINT);
}

// --- Whole conversations

export async function openChat(id) {
  end();
  leaveEditing(true);
  store.setCurrent(id);
  turns = store.find(id)?.turns.map((turn) => ({ ...turn })) ?? [];
  log.clear();
  hint(HINT);
  byId("pq-examples").hidden = !byId("pq-examples").childElementCount || turns.length > 0;
  const shown = turns.map((turn) => log.addTurn(turn.q, "", turn.id));
  shown.forEach((turn) => log.pending(turn));
  log.markLast();
  const ids = turns.map((turn) => turn.id).filter(Boolean);
  let found = new Map();
  let words = "This answer is no longer kept.";
  try {
    const kept = ids.length ? await (await ask("turns", { id: ids })).json() : [];
    found = new Map(kept.map((turn) => [turn.id, turn.html]));
  } catch (error) {
    words = error.message;
  }
  if (store.currentId() !== id) return;
  shown.forEach((turn, place) => {
    const { id: number, reply } = turns[place];
    const html = found.get(number);
    if (html) turn.querySelector(".pq-reply").innerHTML = html;
    else if (!number && reply) log.message(turn, "This answer was not kept.", log.againButton());
    else log.message(turn, number ? words : "This was not answered.", log.againButton("Ask again"));
    log.settled(turn);
  });
  const last = shown.at(-1);
  if (last) {
    log.toTurn(last);
    showFirst(last);
  }
}

export function newChat() {
  openChat(store.newId());
  box()?.focus();
}

// --- Editing the last question

export function edit() {
  if (busy() || !turns.length) return;
  document.body.classList.add("pq-editing");
  type(turns.at(-1).q);
  box().focus();
  announce("Editing your last question. Escape leaves it as it was.");
}

export function leaveEditing(empty) {
  if (!document.body.classList.contains("pq-editing")) return false;
  document.body.classList.remove("pq-editing");
  if (empty) type("");
  return true;
}

window.pullquote = { asking, again };
