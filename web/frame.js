// The parts of a memory's page, and where they stand.

import { button, h } from "./dom.js";
import { legend } from "./legend.js";

const NARROW = matchMedia("(max-width: 900px)");

/** The parts of the page by name, `whole` with all others in it.
 *
 * `heat`, `timeline`, `standing` and `telling` are elements that belong there; `on` says what is done by `ask`,
 * `suppose` and `remove`.
 */
export function frame({ name, info, model, story, heat, timeline, standing, telling, on }) {
  const p = {
    title: h("h1", { tabindex: "-1" }, name),
    meta: h("span"),
    live: h("span", { class: "live", title: "Changes by others show here by themselves" }, "live"),
    question: field("question", "Where is the football?"),
    refused: h("div", { class: "problem-place" }),
    notes: h("div", { class: "notes" }),
    cards: h("div", { class: "cards" }),
    tools: h("div", { class: "tools row" }),
    suppose: field("suppose", "Mary dropped the football."),
    legend: legend(model),
    empty: h("p", { class: "blank" }),
    story: h("div", { hidden: !story }),
  };
  p.supposing = h(
    "form",
    { class: "supposing", on: { submit: on.suppose } },
    h("label", { for: "suppose" }, h("b", {}, "What if"), " it also knew, for this question only"),
    h("div", { class: "row joined" }, p.suppose, h("button", { type: "submit", class: "plain" }, "Try")),
    h("p", { class: "fine" }, "Or strike facts out in the table. Nothing of this is stored."),
  );
  // There is nothing to lead through, to suppose or to read until there is an answer.
  for (const later of [p.supposing, p.legend, timeline]) later.hidden = true;
  p.picture = h(
    "section",
    { class: "picture", "aria-label": "Answer and attention" },
    [p.notes, p.cards, timeline, p.tools, p.empty, heat, p.legend, p.supposing],
  );
  p.rail = h(
    "aside",
    { class: "rail", "aria-label": "Tell and ask" },
    h("p", { class: "crumb" }, h("a", { href: "ui" }, "All memories")),
    p.title,
    info.description ? h("p", { class: "about" }, info.description) : null,
    h("p", { class: "fine" }, p.meta, p.live),
    h(
      "form",
      { class: "ask", on: { submit: on.ask } },
      h("label", { for: "question" }, "Ask"),
      h("div", { class: "row joined" }, p.question, h("button", { type: "submit", class: "main" }, "Ask")),
      p.refused,
    ),
  );
  p.telling = h(
    "div",
    { class: "telling" },
    standing,
    p.story,
    telling,
    h("p", { class: "leave" }, button("Delete this memory…", on.remove, { class: "quiet danger" })),
  );
  p.whole = h("div", { class: "memory" }, p.rail, p.picture);
  // Beside the picture where there is room, after it where there is not: in the page's order as in the eye's.
  const place = () => (NARROW.matches ? p.whole : p.rail).append(p.telling);
  place();
  NARROW.onchange = place;
  return p;
}

function field(name, placeholder) {
  return h("input", { id: name, name, autocomplete: "off", placeholder });
}
