// The list of past conversations.
import { busy, newChat, openChat } from "./asking.js";
import * as store from "./store.js";
import { byId, element } from "./util.js";

// An answer that nobody waits for any more is not written on.
function leave() {
  if (busy()) byId("pq-stop").click();
}

function item(chat) {
  const when = new Date(chat.at);
  const count = chat.turns.length;
  const open = element("button", { type: "button", class: "pq-plain pq-open-chat" });
  open.append(
    element("bdi", { text: chat.turns[0].q.trim().slice(0, 120) }),
    element("small", {
      text: `${when.toLocaleString()} · ${count} ${count === 1 ? "question" : "questions"}`,
    }),
  );
  if (chat.id === store.currentId()) open.setAttribute("aria-current", "true");
  const remove = element("button", { type: "button", class: "pq-plain pq-delete-chat", text: "Delete" });
  remove.setAttribute("aria-label", `Delete the chat ${chat.turns[0].q.trim().slice(0, 60)}`);
  open.addEventListener("click", () => {
    byId("pq-past-dialog").close();
    leave();
    openChat(chat.id);
  });
  remove.addEventListener("click", () => {
    store.remove(chat.id);
    if (chat.id === store.currentId()) {
      leave();
      newChat();
    }
    draw();
    byId("pq-past-dialog").querySelector("button")?.focus();
  });
  return element("li", {}, open, remove);
}

function draw() {
  const chats = store.chats();
  const none = element("li", { text: "None yet." });
  byId("pq-past-list").replaceChildren(...(chats.length ? chats.map(item) : [none]));
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#pq-new")) {
    leave();
    newChat();
  }
  if (event.target.closest?.("#pq-past")) {
    draw();
    byId("pq-past-dialog").showModal();
  }
});
