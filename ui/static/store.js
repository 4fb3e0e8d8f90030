// Conversations, in this browser: for each turn the question and the id of its kept answer.
const PLACE = `pullquote:${new URL(".", document.baseURI).pathname}`;
const MOST = 100;
let memory = "{}"; // where the browser keeps nothing
let tab = "";

function read() {
  let text = memory;
  try {
    text = localStorage.getItem(PLACE) ?? memory;
  } catch (error) {
    console.warn("storage", error);
  }
  try {
    const { chats } = JSON.parse(text);
    return Array.isArray(chats) ? chats.filter((c) => c?.id && Array.isArray(c.turns)) : [];
  } catch {
    return [];
  }
}

function write(chats) {
  memory = JSON.stringify({ version: 1, chats: chats.slice(0, MOST) });
  try {
    localStorage.setItem(PLACE, memory);
  } catch (error) {
    console.warn("storage", error);
  }
}

// Each tab has a conversation of its own, which survives a reload.
export function currentId() {
  try {
    tab = sessionStorage.getItem(PLACE) ?? tab;
  } catch (error) {
    console.warn("storage", error);
  }
  return tab;
}

export function setCurrent(id) {
  tab = id;
  try {
    sessionStorage.setItem(PLACE, id);
  } catch (error) {
    console.warn("storage", error);
  }
}

// What this tab would lose when it is loaded anew: a question half typed, one to ask once more.
export function note(name, text) {
  try {
    if (text === undefined) return sessionStorage.getItem(`${PLACE}:${name}`) ?? "";
    sessionStorage.setItem(`${PLACE}:${name}`, text);
  } catch (error) {
    console.warn("storage", error);
  }
  return text ?? "";
}

export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(36)).join("");

// Newest first.
export const chats = () => read().filter((chat) => chat.turns.length);

export const find = (id) => read().find((chat) => chat.id === id);

export function save(id, turns) {
  const others = read().filter((chat) => chat.id !== id);
  write([{ id, at: new Date().toISOString(), turns }, ...others]);
}

export function remove(id) {
  write(read().filter((chat) => chat.id !== id));
}
