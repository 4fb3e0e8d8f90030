// The page on which a case is made: quotes are chosen by whole units, whose places the server gave.
// Whatever comes from articles is put in as text, or is the server's own escaped HTML.
"use strict";

const form = document.getElementById("case");
const list = document.getElementById("groups");
const target = document.getElementById("target");
const article = document.getElementById("article");
const said = document.getElementById("said");
const kept = JSON.parse(form.dataset.kept);
// Groups of alternative quotes; a right answer has one of each.
let groups = kept.groups || [];
let text = null;
let units = [];
let from = -1;
let to = -1;

const answerable = (value) => form.querySelector(`input[name=answerable][value=${value}]`);
// What was asked for last; an answer to anything earlier comes too late.
const latest = { search: 0, article: 0 };

answerable(kept.answerable === false ? "no" : "yes").checked = true;
form.addEventListener("change", show);
show();
find("");

function make(tag, name, words) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = words;
  return element;
}

function button(words, about, act) {
  const element = make("button", "", words);
  element.type = "button";
  element.append(make("span", "unseen", about));
  element.addEventListener("click", act);
  return element;
}

// --- The quotes chosen ---------------------------------------------------------------------

function show() {
  const yes = answerable("yes").checked;
  document.getElementById("chosen").hidden = !yes;
  document.getElementById("none").hidden = groups.length > 0;
  document.getElementById("into").hidden = groups.length === 0;
  list.replaceChildren(
    ...groups.map((group, number) => {
      const item = document.createElement("li");
      if (group.length > 1) item.append(make("p", "soft", "Either of these:"));
      for (const place of group) {
        const row = make("p", "quote", "");
        row.append(make("q", "words", place.quote), " ", make("bdi", "soft", place.name), " ");
        row.append(button("Remove", `: ${place.quote}`, () => remove(number, place)));
        item.append(row);
      }
      return item;
    }),
  );
  const now = target.value;
  target.replaceChildren(new Option("a further part of the answer", ""));
  groups.forEach((_, number) => {
    target.add(new Option(`another wording of part ${number + 1}`, String(number)));
  });
  target.value = Number(now) < groups.length ? now : "";
}

function add(place) {
  const same = (p) =>
    p.source === place.source && p.start === place.start && p.end === place.end;
  if (groups.some((group) => group.some(same))) {
    say("This quote is among them already.", false);
    return;
  }
  if (target.value === "") groups.push([place]);
  else groups[Number(target.value)].push(place);
  answerable("yes").checked = true;
  show();
  say("Added to the right quotes.", false);
}

function remove(number, place) {
  groups[number] = groups[number].filter((p) => p !== place);
  groups = groups.filter((group) => group.length);
  show();
  say("Removed.", false);
  document.getElementById("question").focus();
}

function say(words, bad) {
  said.textContent = words;
  said.className = bad ? "bad" : "";
}

for (const taking of document.querySelectorAll(".take")) {
  taking.addEventListener("click", () => add(JSON.parse(taking.dataset.place)));
}

// --- Articles ------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const opener = event.target.closest("button[data-source]");
  if (opener) open({ source: opener.dataset.source, start: opener.dataset.start || 0 });
  const turn = event.target.closest("button[data-part]");
  if (turn && text) open({ source: text.dataset.source, part: turn.dataset.part });
});

document.getElementById("find").addEventListener("submit", (event) => {
  event.preventDefault();
  find(document.getElementById("q").value);
});

async function find(words) {
  const asked = ++latest.search;
  const html = await load(`case/articles?${new URLSearchParams({ q: words })}`);
  if (html && asked === latest.search) document.getElementById("found").innerHTML = html;
}

async function open(query) {
  const asked = ++latest.article;
  const start = Number(query.start || 0);
  const html = await load(`case/article?${new URLSearchParams(query)}`);
  if (!html || asked !== latest.article) return;
  article.innerHTML = html;
  text = document.getElementById("text");
  units = text ? [...text.querySelectorAll("[data-start]")] : [];
  from = to = -1;
  if (!text) return;
  // Else a click into what is selected would be taken for the start of dragging that about.
  text.addEventListener("mousedown", (event) => {
    if (!event.shiftKey) getSelection().removeAllRanges();
  });
  text.addEventListener("mouseup", picked);
  text.addEventListener("keydown", moved);
  text.addEventListener("focus", () => {
    if (to < 0) choose(0, 0);
  });
  document.getElementById("article-title").focus();
  const first = units.findIndex((unit) => Number(unit.dataset.end) > start);
  if (query.start !== undefined && Number(query.start) && first >= 0) {
    choose(first, first);
    units[first].scrollIntoView({ block: "center" });
  } else {
    choose(-1, -1);
  }
}

async function load(address) {
  try {
    const response = await fetch(address);
    if (response.ok || response.status === 404) return await response.text();
  } catch {
    // Told below.
  }
  say("The server did not answer. Is it still running?", true);
  return "";
}

// --- Choosing ------------------------------------------------------------------------------

function choose(first, last) {
  from = first;
  to = last;
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  units.forEach((unit, number) => {
    unit.setAttribute("aria-selected", String(low >= 0 && low <= number && number <= high));
  });
  const some = low >= 0 && units.length > 0;
  // It is there from the start: were it to come only now, the text would move under the mouse.
  document.getElementById("pick").hidden = false;
  document.getElementById("add").disabled = !some;
  if (!some) {
    document.getElementById("picked").textContent = "Nothing chosen yet";
    text.removeAttribute("aria-activedescendant");
    return;
  }
  text.setAttribute("aria-activedescendant", units[last].id);
  document.getElementById("picked").textContent = words();
}

// What is chosen as a reader sees it; the server takes the words from the article itself.
function words() {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  const range = document.createRange();
  range.setStartBefore(units[low]);
  range.setEndAfter(units[high]);
  return range.toString();
}

// A drag or a double click takes all units that it touches, a click the one under it.
function picked() {
  const selection = getSelection();
  if (!selection.rangeCount || !text.contains(selection.anchorNode)) return;
  const range = selection.getRangeAt(0);
  const touched = units
    .map((unit, number) => [unit, number])
    .filter(([unit]) => range.intersectsNode(unit) && !merelyBeside(range, unit))
    .map(([, number]) => number);
  if (touched.length) choose(touched[0], touched[touched.length - 1]);
}

// A range that ends where a unit begins, or begins where it ends, has nothing of it.
function merelyBeside(range, unit) {
  if (range.collapsed) return false;
  const part = document.createRange();
  part.selectNodeContents(unit);
  return (
    range.compareBoundaryPoints(Range.START_TO_END, part) <= 0 ||
    range.compareBoundaryPoints(Range.END_TO_START, part) >= 0
  );
}

function moved(event) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  if (event.key === "Enter") {
    event.preventDefault();
    addChosen();
  } else if (event.key in steps && units.length) {
    event.preventDefault();
    const next = Math.min(units.length - 1, Math.max(0, to + steps[event.key]));
    choose(event.shiftKey && from >= 0 ? from : next, next);
    units[next].scrollIntoView({ block: "nearest" });
  }
}

function addChosen() {
  if (from < 0) return;
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  add({
    source: text.dataset.source,
    revision: text.dataset.revision,
    name: text.dataset.name,
    start: Number(units[low].dataset.start),
    end: Number(units[high].dataset.end),
    quote: words(),
  });
}

document.getElementById("add").addEventListener("click", addChosen);

// --- Saving --------------------------------------------------------------------------------

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const yes = answerable("yes").checked;
  const short = document.getElementById("short").value;
  const places = groups.map((group) =>
    group.map(({ source, revision, start, end }) => ({ source, revision, start, end })),
  );
  const made = {
    answer: form.dataset.answer,
    question: document.getElementById("question").value,
    answerable: yes,
    evidence: yes ? places : [],
    answers: short.trim() ? [short] : [],
    done: document.getElementById("done").checked,
  };
  const answer = await send("POST", "case", made);
  if (!answer) return;
  document.getElementById("drop").hidden = false;
  const noun = answer.cases === 1 ? "case" : "cases";
  say(`Saved. The question set has ${answer.cases} ${noun}. `, false);
  const back = make("a", "", "Back to the gaps");
  back.href = "gaps";
  said.append(back);
});

document.getElementById("drop").addEventListener("click", async () => {
  const query = new URLSearchParams({ answer: form.dataset.answer });
  if (!(await send("DELETE", `case?${query}`))) return;
  document.getElementById("drop").hidden = true;
  say("The case was deleted.", false);
  document.getElementById("question").focus();
});

async function send(method, address, body) {
  try {
    const response = await fetch(address, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    const detail = typeof answer.detail === "string" ? answer.detail : "It could not be saved.";
    say(answer.error || detail, true);
  } catch {
    say("The server did not answer. Nothing was saved.", true);
  }
  return null;
}
