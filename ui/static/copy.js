// Copying: an answer as Markdown, a quote with its source, a link. Works without the clipboard's
// permission, and where a browser forbids all copying the text is at hand, selected.
import { address, announce, byId } from "./util.js";

const textOf = (template) => template?.content.textContent ?? "";

function oldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;inset-block-start:0;opacity:0";
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch (error) {
    console.warn("copy", error);
  }
  area.remove();
  focused?.focus?.({ preventScroll: true });
  return done;
}

async function copyText(text, button, words) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    done = oldWay(text);
  }
  if (done) {
    announce(words);
    if (!button || button.dataset.was) return;
    button.dataset.was = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = button.dataset.was;
      delete button.dataset.was;
    }, 1500);
    return;
  }
  const area = byId("pq-copy-text");
  area.value = text;
  byId("pq-copy-dialog").showModal();
  area.select();
}

export function copyQuote(figure, button) {
  const text = textOf(figure?.querySelector("template.pq-quote-text"));
  if (text) copyText(text, button, "Quote copied");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if (button.classList.contains("pq-copy-quote")) copyQuote(button.closest(".pq-quote"), button);
  else if (button.classList.contains("pq-copy")) {
    const text = textOf(button.parentElement.querySelector("template.pq-markdown"));
    copyText(text, button, "Answer copied with its quotes");
  } else if (button.classList.contains("pq-share")) {
    const id = button.closest("[data-id]").dataset.id;
    copyText(address(`a/${id}`).href, button, "Link to this answer copied");
  }
});
