/* The page in the frame: a conversation, kept for as long as the reader's tab is open. */
import { answerElements, make, partialElements } from "./answer.js";
import { ask, AskError } from "./ask.js";
import { WORDS } from "./words.js";

const given = new URLSearchParams(location.search);
const lang = [given.get("lang"), ...navigator.languages]
  .map((tag) => (tag || "").slice(0, 2).toLowerCase())
  .find((tag) => tag in WORDS) || "en";
const words = WORDS[lang];
const find = (id) => document.getElementById(id);
const [log, state, form, box, send] = ["log", "state", "form", "question", "send"].map(find);
const host = originOf(given.get("host"));
const isFramed = window.parent !== window && host !== null;
const HISTORY = 20;
const KEPT = `pullquote.turns.${given.get("filter") || ""}`;

let page = given.get("page") || document.referrer || "";
let turns = [];
let running = null;

// --- The page that this one is in ---------------------------------------------------------

const waiting = new Map();
let asked = 0;

const tell = (message) => isFramed && window.parent.postMessage(message, host);

addEventListener("message", (event) => {
  if (!isFramed || event.source !== window.parent || event.origin !== host) return;
  const said = event.data || {};
  if (said.pullquote === "focus") box.focus();
  if (said.pullquote === "kept" && turns.length === 0 && !running) recall(said.turns);
  if (said.pullquote === "kept" && said.focus) box.focus();
  if (said.pullquote === "context" && waiting.has(said.number)) {
    waiting.get(said.number)(said);
    waiting.delete(said.number);
  }
});

/** Where the reader is now, and a token for them where the wiki hands some out. */
function context(renew = false) {
  if (!isFramed) return Promise.resolve({ page, token: null });
  const number = ++asked;
  const answer = new Promise((done) => {
    waiting.set(number, done);
    setTimeout(() => done({ page, token: null }), 10_000);
  });
  tell({ pullquote: "context", number, renew });
  return answer;
}

function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return null;
  }
}

/** Open a quote's page in the wiki around us where it is one of its pages, else in a tab. */
function follow(anchor, link) {
  const isOfHost = isFramed && originOf(link) === host;
  anchor.target = isOfHost ? "_top" : "_blank";
  anchor.rel = isOfHost ? "" : "noopener noreferrer nofollow";
  anchor.addEventListener("click", (event) => {
    if (!isOfHost || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    tell({ pullquote: "goto", url: link });
  });
}

// --- The conversation ----------------------------------------------------------------------

function filter() {
  const text = (given.get("filter") || "").trim();
  if (!text) return null;
  if (text.startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      // Not JSON after all: a pattern that finds nothing says more than none at all.
    }
  }
  const found = { source: [], publisher: [] };
  for (const part of text.split(",").map((p) => p.trim()).filter(Boolean)) {
    if (part.startsWith("publisher:")) found.publisher.push(part.slice(10).trim());
    else found.source.push(part);
  }
  return found;
}

function history() {
  return turns.slice(-HISTORY / 2).flatMap(({ question, answer }) => [
    { role: "user", content: question },
    { role: "assistant", content: answer.answer },
  ]);
}

/** Keep the conversation: with the page around us, which may when a frame may not, or here. */
function keep() {
  const text = JSON.stringify(turns.slice(-HISTORY));
  if (isFramed) return tell({ pullquote: "keep", turns: text });
  try {
    sessionStorage.setItem(KEPT, text);
  } catch {
    // Storage may be off or full; the conversation then ends with the page.
  }
}

function own() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** Show a conversation that was kept. */
function recall(text) {
  let found;
  try {
    found = JSON.parse(text || "[]");
  } catch {
    return;
  }
  if (!Array.isArray(found)) return;
  turns = found.filter((turn) => turn?.question && turn.answer);
  turns.forEach(({ question, answer }, place) => {
    const [, body] = show(question, place + 1);
    body.replaceChildren(...answerElements(answer, words, place + 1, follow));
  });
  log.scrollTop = log.scrollHeight;
  settle(false);
}

function greet() {
  log.replaceChildren(
    make("p", { className: "greeting", text: given.get("greeting") || words.greeting }),
  );
}

function show(question, number) {
  const body = make("div", { className: "answer" });
  const turn = make("section", { className: "turn", "aria-label": `${words.label} ${number}` },
    make("p", { className: "question", dir: "auto", text: question }), body);
  log.append(turn);
  bring(turn);
  return [turn, body];
}

/** Scroll a turn's question to the top; by hand, since the page around us must stay as it is. */
function bring(turn) {
  log.scrollTop = turn.offsetTop - log.offsetTop;
}

function say(text, isBusy = false) {
  state.textContent = text;
  state.classList.toggle("busy", isBusy);
}

function settle(isBusy) {
  send.disabled = isBusy;
  log.setAttribute("aria-busy", String(isBusy));
  find("new").hidden = isBusy || turns.length === 0;
}

async function answered(question, body, number, signal) {
  const grown = (partial) =>
    body.replaceChildren(...partialElements(partial, words, number, follow));
  let where = await context();
  const request = () => {
    page = where.page || page;
    const fields = { question, history: history(), filter: filter(), page: page || null };
    return ask(fields, where.token, signal, grown);
  };
  try {
    return await request();
  } catch (error) {
    if (error.kind !== "denied" || !where.token) throw error;
    where = await context(true);
    return request();
  }
}

async function put(question) {
  if (running) return;
  const number = turns.length + 1;
  const [turn, body] = show(question, number);
  running = new AbortController();
  settle(true);
  say(words.busy, true);
  try {
    const answer = await answered(question, body, number, running.signal);
    body.replaceChildren(...answerElements(answer, words, number, follow));
    bring(turn);
    turns.push({ question, answer });
    keep();
    say("");
  } catch (error) {
    if (error.name === "AbortError") return;
    fail(error, question, turn, body);
  } finally {
    running = null;
    settle(false);
  }
}

function fail(error, question, turn, body) {
  const kind = error instanceof AskError ? error.kind : "failed";
  const again = make("button", { type: "button", text: words.again });
  again.addEventListener("click", () => {
    turn.remove();
    put(question);
    box.focus();
  });
  const text = kind === "wrong" && error.message ? error.message : words[kind] || words.failed;
  const line = make("p", { className: "bad", role: "alert", text }, " ");
  if (kind !== "wrong") line.append(again);
  body.replaceChildren(line);
  say("");
}

function begin() {
  running?.abort();
  turns = [];
  keep();
  greet();
  say("");
  settle(false);
  box.focus();
}

// --- The page itself -----------------------------------------------------------------------

function dress() {
  document.documentElement.lang = lang;
  const theme = given.get("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const color = given.get("color");
  const style = document.documentElement.style;
  if (color && CSS.supports("color", color)) {
    style.setProperty("--accent", color);
    const [r, g, b] = (getComputedStyle(document.querySelector("header")).backgroundColor
      .match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    style.setProperty("--on-accent", 0.299 * r + 0.587 * g + 0.114 * b > 150 ? "#000" : "#fff");
  }
  const title = given.get("title") || words.title;
  find("title").textContent = document.title = title;
  find("label").textContent = words.label;
  box.placeholder = words.placeholder;
  send.textContent = words.send;
  find("new").textContent = words.fresh;
  find("close").hidden = !isFramed || given.get("mode") !== "bubble";
  find("close").setAttribute("aria-label", words.close);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = box.value.trim();
  if (!question || running) return;
  box.value = "";
  box.style.height = "";
  put(question);
});
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
box.addEventListener("input", () => {
  box.style.height = "";
  box.style.height = `${box.scrollHeight + 2}px`;
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) tell({ pullquote: "close" });
});
addEventListener("offline", () => say(words.offline));
addEventListener("online", () => say(""));
find("new").addEventListener("click", begin);
find("close").addEventListener("click", () => tell({ pullquote: "close" }));

dress();
greet();
if (!isFramed) recall(own());
settle(false);
if (!navigator.onLine) say(words.offline);
tell({ pullquote: "ready" });
