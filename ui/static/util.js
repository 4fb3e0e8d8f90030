// What every script here needs.

export const byId = (id) => document.getElementById(id);

// Relative to the page, so that it works behind a path prefix.
export function address(path, query = {}) {
  const found = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") found.searchParams.append(name, one);
    }
  }
  return found;
}

// A request that says in words what went wrong.
export async function ask(path, query, options = {}) {
  let reply;
  try {
    reply = await fetch(address(path, query), { credentials: "same-origin", ...options });
  } catch (error) {
    console.warn(path, error);
    const failure = new Error("The server cannot be reached. Is it still running?");
    failure.late = error.name === "TimeoutError";
    throw failure;
  }
  if (!reply.ok) {
    const plain = reply.headers.get("content-type")?.startsWith("text/plain");
    const failure = new Error(plain ? await reply.text() : `The server answered ${reply.status}.`);
    failure.status = reply.status;
    throw failure;
  }
  return reply;
}

export const post = (path, body) =>
  ask(path, {}, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

// Read out to who cannot see it.
export function announce(text) {
  const line = byId("pq-announce");
  if (line) line.textContent = text;
}

export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export const markers = (root) => [...root.querySelectorAll("button[data-source]")];

export const typing = (target) =>
  Boolean(target?.closest?.("input, textarea, select, [contenteditable]"));
