// The library page: files dropped or chosen are sent one after the other, and followed until they
// are read. Whatever comes back is put in as text.
"use strict";

const drop = document.getElementById("drop");
const list = document.getElementById("uploads");
const said = document.getElementById("upload-said");
const MANY = /\.(jsonl|ndjson|xml)(\.gz|\.bz2)?$/i;
const waiting = [];
let sending = false;

if (drop) {
  drop.hidden = false;
  const chooser = document.getElementById("files");
  chooser.addEventListener("change", () => {
    take(chooser.files);
    chooser.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  // A file dropped beside the place would take the page's stead.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function take(files) {
  for (const file of files) {
    const item = document.createElement("li");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Sending ${file.name}`);
    const name = make("bdi", "file", file.name);
    const state = make("span", "state", "waiting");
    item.append(name, bar, state);
    list.append(item);
    waiting.push({ file, item, bar, state, replace: false });
  }
  next();
}

function tell(entry, kind, text) {
  entry.bar.hidden = kind !== "";
  entry.item.className = kind;
  entry.state.textContent = text;
}

function finish(entry, kind, text) {
  // The name stands before it already.
  const before = `${entry.file.name}: `;
  const words = text.startsWith(before) ? text.slice(before.length) : text;
  tell(entry, kind, words);
  said.textContent = before + words;
}

function next() {
  if (sending || !waiting.length) return;
  const entry = waiting.shift();
  const most = Number(MANY.test(entry.file.name) ? drop.dataset.many : drop.dataset.one);
  if (entry.file.size > most * 1e6) {
    // Told here, or all of it would be sent first.
    finish(entry, "failed", `over the limit of ${most} MB`);
    next();
    return;
  }
  sending = true;
  send(entry);
}

function send(entry) {
  const request = new XMLHttpRequest();
  const query = new URLSearchParams({ name: entry.file.name });
  if (entry.replace) query.set("replace", "1");
  request.open("POST", `library/uploads?${query}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.responseType = "json";
  tell(entry, "", "sending");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) entry.bar.value = event.loaded / event.total;
  });
  request.addEventListener("loadend", () => {
    sending = false;
    const answer = request.response || {};
    if (request.status === 202) {
      entry.bar.removeAttribute("value");
      entry.bar.setAttribute("aria-label", `Reading ${entry.file.name}`);
      follow(entry, answer.id);
    } else if (answer.taken) {
      finish(entry, "asking", "There is an upload of this name already.");
      const again = make("button", "", "Replace it");
      again.type = "button";
      again.setAttribute("aria-label", `Replace ${entry.file.name}`);
      again.addEventListener("click", () => {
        entry.replace = true;
        waiting.push(entry);
        next();
      });
      entry.state.append(" ", again);
    } else {
      const lost = request.status ? `refused (${request.status})` : "the server did not answer";
      finish(entry, "failed", answer.error || answer.detail || lost);
    }
    next();
  });
  request.send(entry.file);
}

async function follow(entry, id) {
  let misses = 0;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    let job;
    try {
      const response = await fetch(`library/uploads/${encodeURIComponent(id)}`);
      job = await response.json();
      if (!response.ok) throw new Error(job.error);
      misses = 0;
    } catch {
      misses += 1;
      if (misses < 10) continue;
      finish(entry, "failed", "The server no longer says what became of it.");
      return;
    }
    if (job.state === "done") {
      finish(entry, "done", job.said);
      await renew();
      return;
    }
    if (job.state === "failed") {
      finish(entry, "failed", job.said);
      return;
    }
    const count = job.articles > 1 ? `, ${job.articles} articles so far` : "";
    tell(entry, "", job.said || (job.state === "waiting" ? "waiting to be read" : `reading${count}`));
  }
}

// The list as it is now, in the place of the one that was loaded.
async function renew() {
  const response = await fetch(location.href);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of ["articles", "count"]) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) old.replaceWith(document.adoptNode(fresh));
  }
}
