// The answer in words: what it is, how sure, what else it might have been, and what was read for it.

import { button, h } from "./dom.js";
import { note } from "./notes.js";
import { count, list, percent, points } from "./numbers.js";
import { NULL, path, reason } from "./reading.js";

/** A card for one answer. `heading` tells two of them apart, `beneath` is said of what was read,
 * `explain` called with another answer for why it is not that one, or "" for why it is this one. */
export function answerCard(
  reading,
  { heading = null, nameOf, kind = "", beneath = null, explain = null } = {},
) {
  const { answer } = reading;
  const { memory, model, timing_ms: timing } = answer;
  return h(
    "article",
    { class: `answer ${kind}`, "data-answer": answer.answer ?? "" },
    heading && h("h3", { class: "kicker" }, heading),
    h(
      "div",
      { class: "verdict" },
      h(
        "div",
        {},
        answer.abstained
          ? h("p", { class: "said none" }, "no answer")
          : h("p", { class: "said" }, answer.answer),
        answer.abstained
          ? h("p", { class: "why" }, reason(answer), " ", h("code", {}, answer.reason))
          : sureness(answer, explain),
      ),
      answer.abstained ? null : alternatives(answer, explain),
    ),
    answer.hops.length ? h("p", { class: "path" }, path(reading, nameOf)) : null,
    beneath,
    h(
      "p",
      { class: "fine" },
      [
        kind === "supposed" || memory.revision === null ? "nothing stored" : `revision ${memory.revision}`,
        `${count(memory.attended, "fact")} read`,
        `${count(model.hops, "hop")}`,
        model.model_id,
        `${timing.total.toFixed(1)} ms`,
      ].join(" · "),
    ),
  );
}

function sureness({ answer, confidence }, explain) {
  return h(
    "div",
    { class: "sureness" },
    h(
      "dl",
      { class: "sure" },
      h("div", {}, h("dt", {}, "probability"), h("dd", {}, percent(confidence.probability))),
      h("div", {}, h("dt", {}, "ahead of the next by"), h("dd", {}, points(confidence.margin).slice(1))),
    ),
    explain &&
      button("Why?", () => explain(""), { class: "plain small explain", "aria-label": `Why ${answer}?` }),
  );
}

function alternatives(answer, explain) {
  return h(
    "ol",
    { class: `alternatives${explain ? " explained" : ""}`, "aria-label": "most probable answers" },
    answer.alternatives.map(({ text, probability }, index) =>
      h(
        "li",
        {},
        h("span", { class: "name" }, text),
        h("span", { class: "bar", "aria-hidden": "true" }, h("span", { style: { "--p": probability } })),
        h("data", { value: probability, title: String(probability) }, percent(probability)),
        explain && index
          ? button("why not?", () => explain(text), { class: "quiet tiny", "aria-label": `Why not ${text}?` })
          : null,
      ),
    ),
  );
}

/** What a reader has to know to read the answer right. */
export function answerNotes({ answer }) {
  const { memory, unknown_words: unknown, read_as: read } = answer;
  return [
    read.length
      ? note("It read ", list(read.map(({ word, taught }) => `“${word}” as “${taught}”`)), ".")
      : null,
    unknown.length
      ? note(
          "The network has never seen ",
          list(unknown.map((word) => `“${word}”`)),
          ": it reads the question without ",
          unknown.length === 1 ? "it." : "them.",
        )
      : null,
    memory.attended < memory.eligible && !answer.abstained
      ? note(
          `${memory.attended.toLocaleString("en")} of ${memory.eligible.toLocaleString("en")} facts were read: the others are retired, or older than this network attends to.`,
        )
      : null,
  ];
}

/** How a what-if answer differs, in one sentence. */
export function difference(before, after) {
  if (before.answer !== after.answer) {
    return `The answer changes: ${before.answer ?? "no answer"} → ${after.answer ?? "no answer"}.`;
  }
  if (after.abstained) return "There is still no answer.";
  const by = after.confidence.probability - before.confidence.probability;
  return Math.abs(by) < 0.0005
    ? `The answer stays ${after.answer}, and as probable.`
    : `The answer stays ${after.answer}; its probability changes by ${points(by)}.`;
}

/** The answer for whoever does not see it. */
export function spoken(reading, nameOf) {
  const { answer } = reading;
  if (answer.abstained) return `No answer. ${reason(answer)}`;
  return `Answer: ${answer.answer}, probability ${percent(answer.confidence.probability)}. ${path(reading, nameOf)}`;
}

/** The name of a row in a sentence. */
export function rowName(key) {
  if (key === NULL) return "the null slot";
  return typeof key === "number" ? `fact ${key}` : "the added fact";
}
