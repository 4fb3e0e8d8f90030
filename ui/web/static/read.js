// The article page: what is marked is brought into view, also for who cannot see it.
"use strict";

const mark = document.getElementById("quote");
if (mark) {
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
}
