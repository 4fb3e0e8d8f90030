/* Pullquote in another page: a bubble or a panel, by one script tag. docs/wiki.md has its attributes. */
(() => {
  "use strict";

  const script =
    document.currentScript || document.querySelector('script[src*="embed.js"][data-pullquote]');
  if (!script || !script.src || window.Pullquote) return;

  const WORDS = {
    en: ["Ask the articles", "Close"],
    de: ["Die Artikel fragen", "Schließen"],
    fr: ["Interroger les articles", "Fermer"],
    es: ["Preguntar a los artículos", "Cerrar"],
  };
  const given = script.dataset;
  const base = new URL(".", script.src);
  const tongue = (given.lang || document.documentElement.lang || navigator.language || "en")
    .slice(0, 2)
    .toLowerCase();
  const [ask, close] = WORDS[tongue] || WORDS.en;
  const title = given.title || ask;
  const isPanel = given.mode === "panel";
  const isLeft = (given.position || "").includes("left");
  const isTop = (given.position || "").includes("top");
  // Here, since a browser may keep nothing for a frame of another site.
  const OPEN = "pullquote.open";
  const TURNS = "pullquote.turns";

  // In pixels: some wikis give the page another size of letters, which all else would follow.
  const STYLE = `
    :host { all: initial; }
    :host([data-mode="bubble"]) { position: fixed; z-index: 2147483000; inset: auto; }
    button { all: unset; box-sizing: border-box; display: grid; place-items: center; width: 56px;
      height: 56px; border-radius: 50%; background: var(--accent, #1d4f91); color: #fff;
      cursor: pointer; box-shadow: 0 2px 10px rgb(0 0 0 / .3); font: 600 25.6px/1 system-ui; }
    button:hover { filter: brightness(1.12); }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #000; }
    svg { width: 27.2px; height: 27.2px; fill: currentColor; }
    iframe { border: 0; width: 100%; height: 100%; display: block; border-radius: inherit;
      color-scheme: normal; }
    [role] { border: 1px solid rgb(128 128 128 / .45); border-radius: 10px; overflow: hidden;
      background: #fff; }
    [hidden] { display: none; }
    :host([data-mode="bubble"]) [role] { position: fixed; width: min(400px, calc(100vw - 32px));
      height: min(608px, calc(100vh - 112px)); box-shadow: 0 8px 32px rgb(0 0 0 / .3); }
    :host([data-mode="panel"]) { display: block; }
    :host([data-mode="panel"]) [role] { height: 100%; }
    @media (max-width: 480px) {
      :host([data-mode="bubble"]) [role] { width: auto; height: calc(100dvh - 104px);
        left: 8px !important; right: 8px !important; }
    }
    @media print { :host { display: none; } }`;

  const make = (name, fields) => Object.assign(document.createElement(name), fields);

  const host = make("div", { id: "pullquote" });
  host.dataset.mode = isPanel ? "panel" : "bubble";
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", { textContent: STYLE }));
  }
  if (given.color && CSS.supports("color", given.color)) {
    host.style.setProperty("--accent", given.color);
  }

  const dialog = make("div", { id: "dialog", hidden: !isPanel });
  dialog.setAttribute("role", isPanel ? "region" : "dialog");
  dialog.setAttribute("aria-label", title);
  const frame = make("iframe", { title });
  dialog.append(frame);
  root.append(dialog);

  let button = null;
  let wantsFocus = false;

  const here = () => location.href.split("#")[0];

  function load() {
    if (frame.src) return;
    const page = new URL("widget", base);
    const fields = { page: here(), host: location.origin, mode: host.dataset.mode, title };
    for (const name of ["lang", "color", "theme", "filter", "greeting"]) fields[name] = given[name];
    if (!fields.lang && WORDS[tongue]) fields.lang = tongue;
    for (const [name, value] of Object.entries(fields)) {
      if (value) page.searchParams.set(name, value);
    }
    frame.src = page.href;
  }

  const say = (message) => frame.contentWindow.postMessage(message, base.origin);

  /** A token for who reads this page, where the wiki's own side hands out some. */
  async function token(renew) {
    if (given.tokenUrl) {
      const url = new URL(given.tokenUrl, location.href);
      const options = { credentials: "same-origin", cache: renew ? "reload" : "default" };
      const response = await fetch(url, options);
      if (!response.ok) return null;
      const text = (await response.text()).trim();
      return text.startsWith("{") ? JSON.parse(text).token : text;
    }
    return given.token || null;
  }

  const onMessage = {
    async context({ number, renew }) {
      const found = await token(renew).catch(() => null);
      say({ pullquote: "context", number, page: here(), token: found });
    },
    close: () => toggle(false),
    ready() {
      say({ pullquote: "kept", turns: kept(TURNS), focus: wantsFocus });
      wantsFocus = false;
    },
    keep: ({ turns }) => keep(TURNS, String(turns).slice(0, 500_000)),
    // A browser goes to words in a page for who is on its site, but not for a frame of another.
    goto({ url }) {
      const to = new URL(url, location.href);
      if (to.origin !== location.origin) return;
      if (!isPanel && innerWidth < 480) toggle(false);
      location.assign(to.href);
    },
  };
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const handle = event.data && Object.hasOwn(onMessage, event.data.pullquote);
    if (handle) onMessage[event.data.pullquote](event.data);
  });

  function toggle(open, keepFocus) {
    if (isPanel || dialog.hidden === !open) return;
    dialog.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.setAttribute("aria-label", open ? close : title);
    keep(OPEN, open ? "1" : "");
    if (!open) return button.focus();
    wantsFocus = !keepFocus;
    if (!keepFocus) frame.focus();
    if (!frame.src) load();
    else if (!keepFocus) say({ pullquote: "focus" });
  }

  function keep(key, value) {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      // Storage may be off or full: each page then begins anew.
    }
  }

  function kept(key) {
    try {
      return sessionStorage.getItem(key) || "";
    } catch {
      return "";
    }
  }

  function bubble() {
    button = make("button", { type: "button", title });
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "dialog");
    button.setAttribute("aria-label", title);
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(picture.namespaceURI, "path");
    path.setAttribute(
      "d",
      "M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-7l-5 4v-4H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z" +
        "M7 8v5h4V9.5H9V8zm6 0v5h4V9.5h-2V8z",
    );
    path.setAttribute("fill-rule", "evenodd");
    picture.append(path);
    button.append(picture);
    button.addEventListener("click", () => toggle(dialog.hidden));
    root.prepend(button);
    host.addEventListener("keydown", (event) => {
      if (event.key === "Escape") toggle(false);
    });
    const [side, end] = [isLeft ? "left" : "right", isTop ? "top" : "bottom"];
    host.style[side] = host.style[end] = "16px";
    dialog.style[side] = "16px";
    dialog.style[end] = "88px";
    document.body.append(host);
    if (kept(OPEN)) toggle(true, true);
  }

  function panel() {
    const target = given.target ? document.querySelector(given.target) : null;
    host.style.height = given.height || "512px";
    if (target) target.append(host);
    else script.after(host);
    load();
  }

  const start = () => (isPanel ? panel() : bubble());
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
  window.Pullquote = { open: () => toggle(true), close: () => toggle(false) };
})();
