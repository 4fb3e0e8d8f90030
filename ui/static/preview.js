// The card over a marker: its quote between the words around it. Stays while pointed at or
// focused; Escape closes it (WCAG 2.2, 1.4.13).
import { element } from "./util.js";

const DELAY = 150; // milliseconds: a pointer that only passes opens nothing
let card = null;
let owner = null;
let timer = 0;

function make() {
  card = element("div", { id: "pq-card", role: "tooltip", hidden: "" });
  document.body.append(card);
  card.addEventListener("pointerleave", later);
  card.addEventListener("pointerenter", () => clearTimeout(timer));
}

const nearOf = (button) =>
  [...(button.closest(".pq-answer")?.querySelectorAll(".pq-quote") ?? [])]
    .find((figure) => figure.querySelector(".pq-marker")?.dataset.marker === button.dataset.marker)
    ?.querySelector("template.pq-near");

function show(button) {
  clearTimeout(timer);
  const near = nearOf(button);
  if (!near || owner === button) return;
  if (!card?.isConnected) make();
  owner?.removeAttribute("aria-describedby");
  owner = button;
  card.replaceChildren(near.content.cloneNode(true));
  card.hidden = false;
  button.setAttribute("aria-describedby", card.id);
  const place = button.getBoundingClientRect();
  const width = Math.min(420, window.innerWidth - 16);
  card.style.width = `${width}px`;
  const left = Math.max(8, Math.min(place.left - 20, window.innerWidth - width - 8));
  const below = window.innerHeight - place.bottom > card.offsetHeight + 12 || place.top < 160;
  card.style.left = `${left}px`;
  card.style.top = `${below ? place.bottom + 4 : place.top - card.offsetHeight - 4}px`;
}

export function hide() {
  clearTimeout(timer);
  if (!owner) return false;
  owner.removeAttribute("aria-describedby");
  owner = null;
  card.hidden = true;
  return true;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(hide, DELAY);
}

const markerAt = (event) => event.target.closest?.(".pq-marker");

document.addEventListener("pointerover", (event) => {
  const button = event.pointerType === "touch" ? null : markerAt(event);
  if (!button) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(button), owner ? 0 : DELAY);
});
document.addEventListener("pointerout", (event) => {
  if (markerAt(event)) later();
});
document.addEventListener("focusin", (event) => {
  const button = markerAt(event);
  if (button?.matches(":focus-visible")) show(button);
  else if (!card?.contains(event.target)) hide();
});
document.addEventListener("click", hide);
document.addEventListener("scroll", hide, { capture: true, passive: true });
