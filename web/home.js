// The first page: what this is, in one click, and the memories there are.

import * as api from "./api.js";
import { button, h, say } from "./dom.js";
import { confirmed } from "./dialogs.js";
import { HeatMap } from "./heatmap.js";
import { problemNote } from "./notes.js";
import { count } from "./numbers.js";
import { columnsOf, path, readingOf } from "./reading.js";
import { told } from "./story.js";

export const FOOTBALL = {
  name: "football",
  description: "Who has what, and where.",
  facts: ["Mary got the football there.", "Mary went back to the garden."],
  question: "Where is the football?",
};

const LONGER = {
  name: "longer-story",
  description: "Mary takes the football along, leaves it somewhere, and goes on.",
  facts: [
    "Mary travelled to the office.",
    "Mary got the football there.",
    "John went to the kitchen.",
    "Mary went back to the garden.",
    "Sandra went to the bedroom.",
    "Mary discarded the football.",
    "Mary journeyed to the bathroom.",
  ],
  question: "Where is the football?",
};

export async function home(main, go) {
  const problem = h("div", { class: "problem-place" });
  const story = h(
    "div",
    { class: "demo" },
    h(
      "ol",
      { class: "story" },
      FOOTBALL.facts.map((fact) => h("li", {}, fact)),
    ),
  );
  const verdict = h("span", { class: "verdict-word" });
  const live = h("p", { class: "fine asked-live" });
  const memories = h("section", { class: "memories", "aria-labelledby": "memories-title", hidden: true });
  main.replaceChildren(
    h(
      "div",
      { class: "home" },
      h(
        "section",
        { class: "hero" },
        h("h1", {}, "A memory that answers, and shows what it read."),
        h(
          "p",
          { class: "lead" },
          "Tell it facts as they happen, then ask. Each hop of the network attends to the facts anew; here you see how much of its attention each fact received, and how one fact led to the next.",
        ),
      ),
      h(
        "section",
        { class: "try", "aria-labelledby": "try-title" },
        h("h2", { id: "try-title", class: "kicker" }, "Begin with a story"),
        story,
        h("p", { class: "story-question" }, h("span", {}, FOOTBALL.question), verdict),
        h(
          "p",
          { class: "row" },
          button("Tell it and ask", (event) => begin(FOOTBALL, event.currentTarget), {
            class: "main",
            id: "football",
          }),
          button("A longer story", (event) => begin(LONGER, event.currentTarget), {
            class: "plain",
            id: "longer",
          }),
          h("a", { href: "ui?view=tasks", class: "plain button" }, "Stories of the 20 bAbI tasks"),
        ),
        live,
        problem,
      ),
      newMemory(go),
      memories,
    ),
  );
  await Promise.all([list(memories, go), demonstrate()]);

  /** What the network of this service reads for the story, asked without storing it. */
  async function demonstrate() {
    let answer;
    try {
      answer = await api.askFacts(FOOTBALL.facts, FOOTBALL.question, { attention: "full" });
    } catch {
      return; // The story stands there without it, and the button will say what is wrong.
    }
    if (answer.abstained) return;
    const reading = readingOf(answer);
    const rows = FOOTBALL.facts.map((text, index) => ({ key: index + 1, text }));
    const heat = new HeatMap();
    story.replaceChildren(heat.element);
    heat.show({
      rows: {
        length: rows.length,
        at: (index) => rows[index],
        indexOf: (key) => key - 1,
        fetch: async () => {},
      },
      groups: [{ label: "", reading, columns: columnsOf(reading) }],
      question: FOOTBALL.question,
      caption: `Attention of every hop for “${FOOTBALL.question}”`,
      unknown: new Map(),
      actions: null,
      fresh: true,
    });
    verdict.textContent = answer.answer;
    live.textContent = `${path(reading)} Read just now, in ${answer.timing_ms.total.toFixed(1)} ms; nothing is stored yet.`;
  }

  async function begin(story, pressed) {
    pressed.disabled = true;
    problem.replaceChildren();
    try {
      go({ memory: await told(story, { apart: story === LONGER }), question: story.question });
    } catch (error) {
      problem.replaceChildren(problemNote(error));
      pressed.disabled = false;
    }
  }
}

function newMemory(go) {
  const problem = h("div", { class: "problem-place" });
  const input = h("input", {
    id: "new-name",
    name: "name",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "none",
    placeholder: "house",
    "aria-describedby": "new-hint",
  });
  const submit = async (event) => {
    event.preventDefault();
    const name = input.value.trim();
    problem.replaceChildren();
    input.removeAttribute("aria-invalid");
    try {
      await api.putMemory(name);
      go({ memory: name });
    } catch (error) {
      problem.replaceChildren(problemNote(error));
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  };
  return h(
    "section",
    { class: "new", "aria-labelledby": "new-title" },
    h("h2", { id: "new-title", class: "kicker" }, "Or a memory of your own"),
    h(
      "form",
      { novalidate: true, on: { submit } },
      h("label", { for: "new-name" }, "Its name"),
      h("div", { class: "row joined" }, input, h("button", { type: "submit", class: "main" }, "Open")),
      h(
        "p",
        { class: "fine", id: "new-hint" },
        "Lower-case letters, digits, - and _. A memory that exists is opened as it is.",
      ),
    ),
    problem,
  );
}

async function list(section, go) {
  const rows = h("ul", { class: "memory-list" });
  const problem = h("div", { class: "problem-place" });
  const more = button("Show more", () => page(), { class: "plain", hidden: true });
  section.append(h("h2", { id: "memories-title", class: "kicker" }, "Memories"), rows, more, problem);
  let cursor = null;
  await page();

  async function page() {
    try {
      const found = await api.memories(cursor);
      cursor = found.next_cursor;
      more.hidden = !found.has_more;
      rows.append(...found.items.map(row));
      section.hidden = rows.children.length === 0;
    } catch (error) {
      section.hidden = false;
      problem.replaceChildren(problemNote(error));
    }
  }

  function row(memory) {
    const name = memory.memory_id;
    const open = h("a", { href: `?memory=${encodeURIComponent(name)}`, class: "memory-name" }, name);
    open.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go({ memory: name });
    });
    const item = h(
      "li",
      {},
      h("div", {}, open, memory.description ? h("p", { class: "about" }, memory.description) : null),
      h("span", { class: "fine" }, count(memory.counts.facts, "fact")),
      button("Delete…", () => remove(name, item), { class: "quiet danger", "aria-label": `Delete ${name}…` }),
    );
    return item;
  }

  async function remove(name, item) {
    if (!(await deleted(name))) return;
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    section.hidden = rows.children.length === 0;
    (next?.querySelector("a") ?? document.getElementById("new-name")).focus();
    say(`${name} is deleted`);
  }
}

/** Delete a memory, once its name has been typed. */
export function deleted(name) {
  return confirmed({
    title: `Delete ${name}?`,
    body: h("p", {}, "All of its facts go with it. This cannot be undone."),
    verb: "Delete",
    typed: name,
    act: (typed) => api.deleteMemory(name, typed),
  });
}
