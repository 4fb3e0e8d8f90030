// What a reader says of an answer: good, bad, a gap, with a comment who likes.
import { element, post } from "./util.js";

const THANKS = { good: "Thank you.", bad: "Thank you.", gap: "Reported. Thank you." };

async function say(actions, verdict, comment) {
  const said = actions.querySelector(".pq-said");
  try {
    await post("say", { id: actions.dataset.id, verdict, comment });
  } catch (error) {
    said.replaceChildren(element("span", { class: "pq-failed", text: error.message }));
    return false;
  }
  for (const button of actions.querySelectorAll(".pq-say")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  return true;
}

function offerComment(actions, verdict) {
  const said = actions.querySelector(".pq-said");
  const box = element("input", { maxlength: 4000, "aria-label": "Comment", placeholder:
    verdict === "gap" ? "What should the articles say? (optional)" : "Why? (optional)" });
  const send = element("button", { type: "submit", class: "pq-plain", text: "Send comment" });
  const form = element("form", { class: "pq-comment" }, box, send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (text && (await say(actions, verdict, text))) {
      said.replaceChildren(element("span", { text: `Your comment: ${text}` }));
    }
  });
  said.replaceChildren(element("span", { text: THANKS[verdict] }), form);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.(".pq-say");
  if (!button || button.getAttribute("aria-pressed") === "true") return;
  const actions = button.closest(".pq-actions");
  if (await say(actions, button.dataset.verdict, "")) offerComment(actions, button.dataset.verdict);
});
