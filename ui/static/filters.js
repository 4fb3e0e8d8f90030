// The filter over the composer. The server says whether it is one, and how many articles it leaves.
import { ask, byId, element } from "./util.js";

const form = () => byId("pq-filter-form");
let waiting = 0;

// In the form that the server reads; {} where nothing is chosen.
export function filter() {
  const box = form();
  if (!box) return {};
  const chosen = {};
  for (const name of ["source", "since", "until"]) {
    const value = box.elements[name].value.trim();
    if (value) chosen[name] = value;
  }
  const ticked = [...box.querySelectorAll('input[name="publisher"]:checked')];
  if (ticked.length) chosen.publisher = ticked.map((input) => input.value);
  if (box.elements.undated.checked && (chosen.since || chosen.until)) chosen.undated = true;
  return chosen;
}

function words(chosen) {
  const parts = [];
  if (chosen.source) parts.push(`source ${chosen.source}`);
  if (chosen.publisher) parts.push(`from ${chosen.publisher.join(" or ")}`);
  if (chosen.since) parts.push(`since ${chosen.since}`);
  if (chosen.until) parts.push(`until ${chosen.until}`);
  if (chosen.undated) parts.push("or undated");
  return parts.join(", ");
}

async function check() {
  const chosen = filter();
  const says = byId("pq-filter-says");
  const active = Object.keys(chosen).length > 0;
  byId("pq-filters").classList.toggle("pq-active", active);
  byId("pq-filter-words").textContent = active ? `Only: ${words(chosen)}` : "Filter: all articles";
  if (!active) {
    says.textContent = "";
    return;
  }
  const turn = (waiting += 1);
  let text;
  let failed = false;
  try {
    text = await (await ask("matching", chosen)).text();
  } catch (error) {
    text = error.message;
    failed = true;
  }
  if (turn !== waiting) return;
  says.textContent = text;
  says.classList.toggle("pq-failed", failed);
}

export function showPublishers(publishers) {
  const box = byId("pq-publishers");
  if (!box || !publishers.length) return;
  const ticked = new Set(filter().publisher ?? []);
  box.hidden = false;
  box.querySelector("div").replaceChildren(
    ...publishers.map(([name, count]) => {
      const input = element("input", { type: "checkbox", name: "publisher", value: name });
      input.checked = ticked.has(name);
      const shown = element("bdi", { text: name });
      return element("label", { class: "pq-check" }, input, " ", shown, ` (${count})`);
    }),
  );
}

let timer = 0;
document.addEventListener("input", (event) => {
  if (event.target.form !== form()) return;
  clearTimeout(timer);
  timer = setTimeout(check, 250);
});
document.addEventListener("reset", (event) => {
  if (event.target === form()) setTimeout(check);
});
document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  check();
});
