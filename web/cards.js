// What stands above the picture: the question, its answer or two of them, and what has to be known to read them.

import { answerCard, answerNotes, difference, rowName } from "./answer.js";
import { button, h } from "./dom.js";
import { note } from "./notes.js";
import { list, percent } from "./numbers.js";
import { gold } from "./story.js";
import { whyPanel } from "./why.js";

/** The cards of an inquiry.
 *
 * `posed` is the question of the story that the reading answers, if it is one; `explain`, `suppose`, `closeWhy` and
 * `clear` are what the buttons do.
 */
export function cards(inquiry, { posed, explain, suppose, closeWhy, clear }) {
  const [asked, whatIf] = inquiry.groups;
  if (!asked) return [];
  if (!whatIf)
    return [
      question(inquiry),
      answerCard(asked.reading, {
        nameOf: rowName,
        beneath: posed && gold(posed, asked.reading),
        explain,
      }),
      explained(asked.reading.answer, { suppose, closeWhy }),
    ];
  return [
    question(inquiry),
    answerCard(asked.reading, { heading: "As remembered", nameOf: rowName }),
    answerCard(whatIf.reading, {
      heading: `What if: ${supposed(inquiry)}`,
      nameOf: rowName,
      kind: "supposed",
    }),
    h(
      "p",
      { class: "difference" },
      difference(asked.reading.answer, whatIf.reading.answer),
      " ",
      button("Clear the what-if", clear, { class: "plain" }),
    ),
  ];
}

function question({ question: text, past, facts }) {
  return h(
    "h2",
    { class: "asked" },
    text,
    past ? h("span", { class: "fine" }, ` as of revision ${facts.revision}`) : null,
  );
}

function supposed({ struck, added }) {
  const parts = [
    struck.size
      ? `without ${list([...struck].sort((a, b) => a - b).map((seq) => `fact ${seq}`))}`
      : null,
    added.length ? `with ${list(added.map(({ text }) => `“${text}”`))}` : null,
  ];
  return parts.filter(Boolean).join(", ");
}

function explained(answer, { suppose, closeWhy }) {
  if (!answer.explanation || answer.abstained) return "";
  return whyPanel(answer, {
    suppose: (removal) =>
      removal && button("Suppose that", () => suppose(removal), { class: "plain small" }),
    close: closeWhy,
  });
}

/** What has to be known; `before` is the answer that was on the page until the memory changed, if any. */
export function notes({ groups: [asked] }, before) {
  if (!asked) return [];
  const found = answerNotes(asked.reading).filter(Boolean);
  const now = asked.reading.answer;
  if (before && before.question === now.question && before.memory.revision !== now.memory.revision) {
    const was = before.abstained
      ? "there was no answer"
      : `the answer was ${before.answer} (${percent(before.confidence.probability)})`;
    const what =
      before.answer === now.answer
        ? "The memory changed, the answer did not"
        : "The answer has changed";
    found.push(note(`${what}: at revision ${before.memory.revision} ${was}.`));
  }
  return found;
}
