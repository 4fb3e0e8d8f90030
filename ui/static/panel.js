// Opens quotes in the source panel. What is shown there is HTML that the server has escaped.
import { announce, ask, byId, element, markers } from "./util.js";

export const HINT = "The article behind a quote opens here.";
let opened = 0; // a slow reply must not replace a later one
let current = null; // the button whose quote is open

export const openButton = () => (current?.isConnected ? current : null);

export function hint(text) {
  const panel = byId("pq-panel");
  if (!panel) return;
  opened += 1;
  current = null;
  panel.replaceChildren(element("p", { class: "pq-hint", text }));
  panel.removeAttribute("aria-busy");
  byId("pq-walk").hidden = true;
}

function queryOf(button) {
  const { source, revision, start, end } = button.dataset;
  const answer = button.closest(".pq-answer");
  const also = [];
  for (const { dataset } of answer ? markers(answer) : []) {
    const same = dataset.source === source && dataset.revision === revision;
    const place = `${dataset.start}-${dataset.end}`;
    if (same && (dataset.start !== start || dataset.end !== end)) also.push(place);
  }
  return { source, revision, start, end, also: [...new Set(also)] };
}

// One button a quote: a model's prose may point at one several times.
function quotesOf(answer) {
  const seen = new Set();
  return markers(answer).filter(({ dataset: d }) => {
    const key = [d.source, d.revision, d.start, d.end].join("\n");
    return !seen.has(key) && seen.add(key);
  });
}

const sameQuote = (a, b) =>
  ["source", "revision", "start", "end"].every((name) => a.dataset[name] === b.dataset[name]);

function press(button) {
  for (const other of document.querySelectorAll('button[data-source][aria-pressed="true"]')) {
    other.setAttribute("aria-pressed", "false");
  }
  button.setAttribute("aria-pressed", "true");
  current = button;
}

function showPlace(button) {
  const answer = button.closest(".pq-answer");
  const walk = byId("pq-walk");
  if (!answer) return;
  const quotes = quotesOf(answer);
  const at = quotes.findIndex((other) => sameQuote(other, button));
  walk.hidden = false;
  const elsewhere = button.classList.contains("pq-also-open") ? ", elsewhere" : "";
  const name = `Quote ${button.dataset.marker}${elsewhere}`;
  byId("pq-place").textContent = `${name} · ${at + 1} of ${quotes.length}`;
  byId("pq-prev").disabled = at <= 0;
  byId("pq-next").disabled = at + 1 >= quotes.length;
}

// A quote's place is known to the character; the panel only has to scroll there.
function scrollToQuote(panel) {
  const quote = byId("quote");
  if (!quote) return;
  const distance = quote.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  const header = panel.querySelector("header")?.offsetHeight ?? 0;
  panel.scrollTop += distance - Math.max(panel.clientHeight / 4, header + 24);
}

export async function open(button, byHand) {
  const panel = byId("pq-panel");
  if (!panel) return;
  const turn = (opened += 1);
  if (!button.classList.contains("pq-now")) {
    press(button);
    showPlace(button);
  }
  panel.setAttribute("aria-busy", "true");
  let html = null;
  let words = "";
  try {
    html = await (await ask("article", queryOf(button))).text();
  } catch (error) {
    words = error.message;
  }
  if (turn !== opened) return;
  panel.removeAttribute("aria-busy");
  if (html === null) {
    const again = element("button", { type: "button", class: "pq-plain pq-retry", text: "Try again" });
    again.addEventListener("click", () => open(button, byHand));
    panel.replaceChildren(element("p", { class: "pq-hint", role: "alert", text: words }), again);
    return;
  }
  panel.innerHTML = html;
  panel.scrollTop = 0;
  scrollToQuote(panel);
  const title = panel.querySelector("h2")?.textContent ?? "";
  const kept = panel.querySelector(".pq-kept")?.textContent ?? "";
  const marker = button.dataset.marker;
  announce(marker ? `Quote ${marker} shown in ${title}. ${kept}` : `${title} shown as it is now`);
  // Where the panel lies under the conversation, a click must bring it into view.
  if (byHand && panel.getBoundingClientRect().top > window.innerHeight / 2) {
    byId("pq-walk").scrollIntoView({ block: "start" });
  }
}

// The quote `step` further in the answer whose quote is open, or in the newest one.
export function walk(step) {
  const newest = [...document.querySelectorAll(".pq-answer")].at(-1);
  const answer = openButton()?.closest(".pq-answer") ?? newest;
  if (!answer) return;
  const quotes = quotesOf(answer);
  const from = openButton() ? quotes.findIndex((b) => sameQuote(b, openButton())) : -1;
  const next = quotes[from < 0 && step < 0 ? quotes.length - 1 : from + step];
  if (!next) return;
  next.closest("details")?.setAttribute("open", "");
  open(next, true);
  if (getComputedStyle(byId("pq-conversation")).overflowY === "auto") {
    next.scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if (button.dataset.source !== undefined) open(button, true);
  else if (button.id === "pq-prev") walk(-1);
  else if (button.id === "pq-next") walk(1);
  else if (button.id === "pq-back") {
    openButton()?.scrollIntoView({ block: "center" });
    openButton()?.focus({ preventScroll: true });
  }
});

