/* An answer as elements. Text of others only ever becomes text: nothing here reads HTML. */

export function make(name, fields = {}, ...children) {
  const { className, text, ...others } = fields;
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(others)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

const isWeb = (url) => /^https?:\/\//i.test(url || "");
const plain = (markdown) => markdown.replace(/\\([\\`*[\]<>|~_#+.)-])/g, "$1");

/**
 * The elements of an answer.
 *
 * @param {object} answer the contract's object
 * @param {object} words what the widget says, in the reader's language
 * @param {number} turn its number, which its quotes' ids begin with
 * @param {function(HTMLAnchorElement, string): void} follow told of each link to an article
 */
export function answerElements(answer, words, turn, follow) {
  const view = { words, turn, follow };
  if (answer.refused) return refusal(answer, view);
  const parts = [];
  if (answer.mode !== "quotes") parts.push(...prose(answer, view));
  const byMarker = new Map(answer.citations.map((c) => [c.marker, c]));
  const points = answer.points.length
    ? answer.points
    : answer.citations.map((c) => ({ markers: [c.marker], also: [], spoken: [], relation: "one" }));
  for (const point of points) parts.push(...pointElements(point, byMarker, view));
  if (answer.uncovered.length) {
    parts.push(make("p", { className: "aside", text: words.uncovered + answer.uncovered.join(" ") }));
  }
  if (answer.notice) parts.push(make("p", { className: "aside", text: answer.notice }));
  return parts;
}

/** The sentences of an answer that is still being written. */
export function partialElements(answer, words, turn, follow) {
  return prose(answer, { words, turn, follow });
}

function refusal(answer, view) {
  const { words } = view;
  const parts = [make("p", { className: "lead", text: words.refused })];
  if (answer.missing.length) {
    const quoted = answer.missing.map((word) => `“${word}”`).join(", ");
    parts.push(make("p", { className: "aside", text: words.missing + quoted }));
  }
  if (answer.near_misses.length) {
    parts.push(make("p", { className: "aside", text: words.nearest }));
    parts.push(...answer.near_misses.map((c) => figure(c, view)));
  }
  return parts;
}

/** A model's sentences, their markers as links to the quotes below. */
function prose(answer, { turn, words }) {
  const known = new Set(answer.citations.map((c) => String(c.marker)));
  return answer.answer.trim().split(/\n\s*\n/).filter(Boolean).map((paragraph) => {
    const element = make("p", { dir: "auto" });
    paragraph.split(/\[(\d+)\]/).forEach((piece, place) => {
      if (place % 2 === 0) element.append(plain(piece));
      else if (!known.has(piece)) element.append(`[${piece}]`);
      else {
        const label = `${words.quote} ${piece}`;
        element.append(make("a", { className: "marker", href: `#quote-${turn}-${piece}`,
          "aria-label": label, text: `[${piece}]` }));
      }
    });
    return element;
  });
}

function pointElements(point, byMarker, view) {
  const cited = point.markers.map((marker) => byMarker.get(marker)).filter(Boolean);
  const parts = [];
  const isLater = point.relation === "later";
  if (cited.length > 1) {
    const lead = isLater ? view.words.later : view.words.differ;
    parts.push(make("p", { className: "lead", text: lead }));
  }
  for (const citation of cited) {
    const spoken = (point.spoken || []).includes(citation.marker);
    const also = (point.also || []).filter((a) => a.marker === citation.marker);
    parts.push(figure(citation, { ...view, isDated: cited.length > 1 }, also, spoken));
  }
  return parts;
}

/** A quote with what it is read with above it, and who says so below. */
function figure(citation, view, also = [], spoken = false) {
  const { words, turn } = view;
  const headings = citation.context.filter((c) => !c.trimStart().startsWith("|"));
  const trail = headings.map((c) => c.replace(/\s+/g, " ").trim()).join(" › ");
  const said = spoken ? ` · ${words.speaker}` : "";
  return make("figure", { id: `quote-${turn}-${citation.marker}` },
    trail && make("p", { className: "trail", dir: "auto", text: trail }),
    make("blockquote", { dir: "auto" }, quoted(citation)),
    make("figcaption", {}, place(citation, view), said),
    also.length && make("details", {},
      make("summary", { text: words.also + also.map((a) => a.publisher || name(a)).join(", ") }),
      ...also.map((a) => make("p", {}, `“${a.quote}” `, place(a, view),
        a.reprint && ` · ${words.reprint}`))));
}

function quoted(citation) {
  if (citation.kind === "code") return make("pre", {}, make("code", { text: citation.quote }));
  if (citation.kind === "table_row") {
    const header = citation.context.findLast((c) => c.trimStart().startsWith("|"));
    return make("table", {},
      header && make("tr", {}, ...cells(header).map((c) => make("th", { scope: "col", text: c }))),
      make("tr", {}, ...cells(citation.quote).map((c) => make("td", { text: c }))));
  }
  return make("span", { text: `“${citation.quote}”` });
}

const cells = (row) =>
  row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((c) => plain(c.trim()));

const name = (quote) => quote.title || quote.source.replace(/\.(md|markdown|txt|html?)$/i, "");

/** Who says so and when, linked to the words where the article is on the web. */
function place(quote, view) {
  // Where quotes differ, that one has no date matters; else it is only noise.
  const date = quote.published || (view.isDated && view.words.undated);
  const about = [quote.publisher, date].filter(Boolean).join(", ");
  const piece = document.createDocumentFragment();
  const link = [quote.link, quote.url].find(isWeb);
  if (link) {
    const anchor = make("a", { href: link, dir: "auto", text: name(quote) });
    view.follow(anchor, link);
    piece.append(anchor);
  } else {
    piece.append(make("cite", { dir: "auto", text: name(quote) }));
  }
  if (about) piece.append(` · ${about}`);
  return piece;
}
