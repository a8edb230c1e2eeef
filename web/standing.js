// Questions that stand: asked again whenever the memory changes, all of them of one revision. They are part of the
// page's address, so a link takes them along.

import * as api from "./api.js";
import { button, h, icon, read, say } from "./dom.js";
import { percent } from "./numbers.js";

export class Standing {
  #name;
  #choose;
  #changed;
  #questions = [];
  #answers = new Map();
  #turned = new Set();
  element = h("section", { class: "standing", "aria-labelledby": "standing-title", hidden: true });

  /** `choose` is called with a question that is to be looked at, `changed` when the list is another one. */
  constructor(name, questions, { choose, changed }) {
    this.#name = name;
    this.#questions = [...new Set(questions)];
    this.#choose = choose;
    this.#changed = changed;
  }

  get questions() {
    return this.#questions;
  }

  has(question) {
    return this.#questions.includes(question);
  }

  /** Let a question stand, or let go of it. */
  async toggle(question) {
    if (this.has(question)) {
      this.#questions = this.#questions.filter((each) => each !== question);
      this.#answers.delete(question);
    } else {
      this.#questions.push(question);
    }
    this.#changed();
    this.draw();
    await this.ask();
  }

  /** Ask all of them of the memory as it is now. */
  async ask() {
    if (!this.#questions.length) return;
    let results;
    try {
      const how = { attention: "none", top_answers: 1 };
      results = (await api.askAll(this.#name, this.#questions, how)).results;
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      this.draw(error);
      return;
    }
    const turned = [];
    for (const { answer } of results) {
      const before = this.#answers.get(answer.question);
      if (before && before.answer !== answer.answer) {
        turned.push(answer);
        this.#turned.add(answer.question);
      }
      this.#answers.set(answer.question, answer);
    }
    this.draw();
    if (turned.length)
      say(turned.map(({ question, answer }) => `${question} Now ${answer ?? "no answer"}.`).join(" "));
  }

  draw(problem = null) {
    this.element.hidden = this.#questions.length === 0;
    this.element.replaceChildren(
      h("h2", { class: "kicker", id: "standing-title" }, "Standing questions"),
      problem ? h("p", { class: "fine", role: "alert" }, `${problem.title}: ${problem.detail}`) : "",
      h(
        "ul",
        {},
        this.#questions.map((question) => this.#row(question)),
      ),
    );
  }

  #row(question) {
    const answer = this.#answers.get(question);
    const turned = this.#turned.has(question);
    return h(
      "li",
      { class: turned ? "turned" : "" },
      button(
        [
          h("span", { class: "asks" }, question),
          h(
            "span",
            { class: "fine" },
            answer
              ? [
                  h("b", { class: "now" }, answer.answer ?? "no answer"),
                  answer.abstained ? "" : ` ${percent(answer.confidence.probability)}`,
                  turned ? [" ", read("changed")] : "",
                ]
              : "…",
          ),
        ],
        () => {
          this.#turned.delete(question);
          this.draw();
          this.#choose(question);
        },
        { class: "asking" },
      ),
      button(icon("remove"), () => this.toggle(question), {
        class: "act",
        "aria-label": `Let go of “${question}”`,
        title: "Let go of it",
      }),
    );
  }
}
