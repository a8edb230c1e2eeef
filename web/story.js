// Stories that come with the service: told to a memory one fact at a time, so that every fact is a revision, and the
// questions of a bAbI story with the facts that bAbI counts as supporting, beside what attention chose.

import * as api from "./api.js";
import { button, h, read } from "./dom.js";
import { isEvident } from "./reading.js";

const STORY = /^babi-\d+-\d+/;
let fetched = null;

/** The stories of the service, fetched once. */
export function examples() {
  fetched ??= api.examples().catch((error) => {
    fetched = null;
    throw error;
  });
  return fetched;
}

/** The name of a memory that holds exactly these facts: one that is there, or a new one.
 *
 * A memory that holds the beginning of them, because telling was cut short, is told the rest. `apart` tells each
 * fact in a change of its own.
 */
export async function told({ name, description, facts }, { apart = false, progress = () => {} } = {}) {
  for (let number = 1; ; number += 1) {
    const memory = number === 1 ? name : `${name}-${number}`;
    // Created if it is not there, and otherwise left as it is.
    const { counts, revision } = await api.putMemory(memory);
    let known = 0;
    if (revision > 0) {
      const { items, has_more: more } = await api.facts(memory, { limit: facts.length });
      known = items.length;
      const same = !more && items.every((fact, i) => fact.text === facts[i]);
      if (!same || !counts.facts || (apart && revision !== known) || (!apart && known < facts.length))
        continue;
    } else {
      await api.putMemory(memory, description);
    }
    if (!apart && !known) await api.remember(memory, facts);
    for (; apart && known < facts.length; known += 1) {
      progress(known, facts.length);
      await api.remember(memory, [facts[known]]);
    }
    return memory;
  }
}

/** Tell a story of the service to a memory; its name, and the question to begin with. */
export async function load(example, progress) {
  const memory = await told(
    {
      name: example.example_id,
      description: `bAbI task ${example.task}, ${example.task_name.replaceAll("-", " ")}: a story of the test file.`,
      facts: example.facts.map(({ text }) => text),
    },
    { apart: true, progress },
  );
  const last = example.questions.at(-1);
  return { memory, question: last.question, revision: last.facts_before };
}

/** The story that a memory was told, with what it has been asked; null when it was told none.
 *
 * `revision` is the memory's last one.
 */
export async function storyOf(memory, revision) {
  const id = STORY.exec(memory)?.[0];
  if (!id) return null;
  const example = (await examples()).items.find((each) => each.example_id === id);
  if (!example || revision < example.facts.length) return null;
  const { facts } = example;
  try {
    // Every fact is a revision: so many revisions in, the memory held these facts and no other.
    const { items, has_more: more } = await api.facts(memory, {
      limit: facts.length,
      as_of_revision: facts.length,
    });
    const same =
      !more && items.length === facts.length && items.every((fact, i) => fact.text === facts[i].text);
    return same ? new Story(memory, example) : null;
  } catch (error) {
    if (error instanceof api.Problem) return null; // Its past was erased.
    throw error;
  }
}

class Story {
  #answers = new Map();

  constructor(memory, example) {
    this.memory = memory;
    this.example = example;
  }

  /** The question of the story that is asked here, after so many facts; null for any other. */
  asked(question, revision) {
    return (
      this.example.questions.find((each) => each.question === question && each.facts_before === revision) ??
      null
    );
  }

  /** Ask everything that the story asks, each at its place; `each` is called after every answer. */
  async askAll(each) {
    for (const asked of this.example.questions) {
      if (this.#answers.has(asked)) continue;
      const how = { attention: "none", top_answers: 1, as_of: { revision: asked.facts_before } };
      try {
        const { answer } = await api.ask(this.memory, asked.question, how);
        this.#answers.set(asked, answer);
      } catch (error) {
        if (error instanceof api.Problem) return;
        throw error;
      }
      each();
    }
  }

  /** The questions as a list of buttons; `choose` is called with the one that is pressed. */
  list(current, choose) {
    const { questions, task, task_name: name } = this.example;
    const right = questions.filter((each) => this.#answers.get(each) === each.answer).length;
    return h(
      "section",
      { class: "story-questions", "aria-labelledby": "story-title" },
      h(
        "h2",
        { class: "kicker", id: "story-title" },
        "bAbI asks here",
        h(
          "span",
          { class: "fine" },
          this.#answers.size === questions.length ? ` ${right} of ${questions.length} right` : "",
        ),
      ),
      h(
        "ol",
        {},
        questions.map((each) => {
          const answer = this.#answers.get(each);
          const verdict = answer === undefined ? null : answer === each.answer;
          return h(
            "li",
            {},
            button(
              [
                h("span", { class: "asks" }, each.question),
                h(
                  "span",
                  { class: "fine" },
                  `after fact ${each.facts_before}: ${each.answer}`,
                  verdict === null
                    ? null
                    : [" ", mark(verdict), verdict ? null : ` ${answer ?? "no answer"}`],
                ),
              ],
              () => choose(each),
              { class: "asking", "aria-current": each === current ? "true" : null },
            ),
          );
        }),
      ),
      h(
        "p",
        { class: "fine" },
        `Task ${task}, ${name.replaceAll("-", " ")}. `,
        h("a", { href: "ui?view=tasks" }, "All tasks"),
      ),
    );
  }
}

function mark(right) {
  return h("b", { class: right ? "right" : "wrong" }, right ? "✓" : "✗", read(right ? " right" : " wrong"));
}

/** What bAbI says of an answer, and how much of what it counts as supporting was read. */
export function gold(asked, reading) {
  const { answer } = reading.answer;
  const right = answer === asked.answer;
  return h(
    "p",
    { class: "gold" },
    mark(right),
    right ? " bAbI says so too. " : [" bAbI says ", h("b", {}, asked.answer), ". "],
    readOf(asked.supporting_facts, reading),
  );
}

function readOf(supporting, reading) {
  const read = supporting.filter((seq) => isEvident(reading, seq)).length;
  if (!supporting.length) return "It names no supporting fact.";
  if (supporting.length === 1)
    return `Its one supporting fact (★) ${read ? "is among the evidence." : "is not among the evidence."}`;
  const share =
    read === supporting.length ? (read === 2 ? "Both" : `All ${read}`) : `${read} of ${supporting.length}`;
  return `${share} supporting facts (★) are among the evidence.`;
}
