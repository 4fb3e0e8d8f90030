// Opens quotes in the source panel. Everything shown there is HTML that the server has escaped.
(() => {
  "use strict";

  const HINT = "The article behind a quote opens here.";
  const NO_QUOTE = "The articles don’t answer this. Choose one of the nearest quotes to read it here.";
  let shownTurn = 0; // the newest turn whose answer this script has seen
  let asked = 0; // a slow reply must not replace a later one

  const byId = (id) => document.getElementById(id);
  const markers = (root) => [...root.querySelectorAll("button[data-source]")];

  function hint(text) {
    const panel = byId("pq-panel");
    if (!panel) return;
    asked += 1;
    const line = document.createElement("p");
    line.className = "pq-hint";
    line.textContent = text;
    panel.replaceChildren(line);
    panel.removeAttribute("aria-busy");
  }

  function addressOf(button) {
    const { source, revision, start, end } = button.dataset;
    const query = new URLSearchParams({ source, revision, start, end });
    const answer = button.closest(".pq-answer");
    for (const other of answer ? markers(answer) : []) {
      const { dataset } = other;
      const same = dataset.source === source && dataset.revision === revision;
      if (same && (dataset.start !== start || dataset.end !== end)) {
        query.append("also", `${dataset.start}-${dataset.end}`);
      }
    }
    // Relative to the page, so that it works behind a path prefix.
    return new URL(`article?${query}`, document.baseURI);
  }

  function press(button) {
    for (const other of document.querySelectorAll('button[data-source][aria-pressed="true"]')) {
      other.setAttribute("aria-pressed", "false");
    }
    button.setAttribute("aria-pressed", "true");
  }

  function scrollToQuote(panel) {
    const quote = byId("quote");
    if (!quote) return;
    const lead = panel.clientHeight / 4;
    const distance = quote.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    panel.scrollTop += distance - lead;
  }

  async function open(button, byHand) {
    const panel = byId("pq-panel");
    if (!panel) return;
    const turn = (asked += 1);
    press(button);
    panel.setAttribute("aria-busy", "true");
    let reply = null;
    let text = "The article could not be loaded. Is the server still running?";
    try {
      reply = await fetch(addressOf(button), { credentials: "same-origin" });
      if (reply.ok || reply.headers.get("content-type")?.startsWith("text/plain")) {
        text = await reply.text();
      }
    } catch (error) {
      console.warn("article", error);
    }
    if (turn !== asked) return;
    panel.removeAttribute("aria-busy");
    if (!reply?.ok) {
      hint(text);
      return;
    }
    panel.innerHTML = text;
    scrollToQuote(panel);
    const title = panel.querySelector("h2")?.textContent ?? "";
    byId("pq-announce").textContent = `Quote ${button.dataset.marker} shown in ${title}`;
    // Where the panel lies under the conversation, a click must bring it into view.
    if (byHand && panel.getBoundingClientRect().top > window.innerHeight / 2) {
      panel.scrollIntoView({ block: "start" });
    }
  }

  function follow() {
    const turns = document.querySelectorAll("#pq-conversation .pq-turn");
    const last = turns[turns.length - 1];
    if (!last) {
      if (shownTurn) hint(HINT);
      shownTurn = 0;
      return;
    }
    const number = Number(last.dataset.turn);
    const settled = !last.querySelector(".pq-pending");
    if (!settled) {
      shownTurn = Math.min(shownTurn, number - 1);
      toTurn(last);
    } else if (number !== shownTurn) {
      shownTurn = number;
      toTurn(last);
      const refused = last.querySelector(".pq-refused");
      const [first] = markers(last);
      if (first && !refused) open(first, false);
      else hint(first ? NO_QUOTE : HINT);
    }
  }

  // The conversation scrolls where it has a column of its own, else the window does.
  function toTurn(turn) {
    const log = byId("pq-conversation");
    if (getComputedStyle(log).overflowY === "auto") {
      log.scrollTop += turn.getBoundingClientRect().top - log.getBoundingClientRect().top - 12;
    } else {
      turn.scrollIntoView({ block: "start" });
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-source]");
    if (button) open(button, true);
  });

  // Gradio draws and redraws the conversation: watch the document, act on the newest turn.
  let queued = false;
  new MutationObserver(() => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => {
      queued = false;
      follow();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
