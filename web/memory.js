// One memory: tell it, ask it, see what it read, and try what it would say if it knew more or less.

import { rowName, spoken } from "./answer.js";
import { Changing } from "./changing.js";
import { h, say } from "./dom.js";
import { frame } from "./frame.js";
import { HeatMap } from "./heatmap.js";
import { Inquiry } from "./inquiry.js";
import { problemNote } from "./notes.js";
import { Picture } from "./picture.js";
import { Rows } from "./rows.js";
import { Standing } from "./standing.js";
import { storyOf } from "./story.js";
import { Supposing } from "./supposing.js";
import { Telling } from "./telling.js";
import { Timeline } from "./timeline.js";

export class MemoryView {
  #main;
  #go;
  #current;
  #model;
  #inquiry;
  #picture;
  #changing;
  #parts = {};
  #standing;
  #telling;
  #heat = new HeatMap();
  /** The revision that the slider leads to, while it is on its way. */
  #travel = null;
  #turn = 0;

  /** `model` is what `/v1/version` says of the network; `go` changes the address; `current` says whether this
   * view is still the one to see. */
  constructor(main, { model, go, current }) {
    this.#main = main;
    this.#model = model;
    this.#go = go;
    this.#current = current;
  }

  /** Show a memory, and the question of the address if it has one. */
  async open({ memory, question = "", revision = null, standing = [], ...how }) {
    this.#inquiry = new Inquiry(memory, this.#model, how, (facts) => this.#noted(facts));
    let story;
    try {
      await this.#inquiry.reload({ beside: Boolean(question) });
      story = await storyOf(memory, this.#inquiry.info.revision);
    } catch (error) {
      if (!this.#current()) return;
      this.#main.replaceChildren(
        h("div", { class: "lost" }, problemNote(error), h("p", {}, h("a", { href: "ui" }, "All memories"))),
      );
      return;
    }
    if (!this.#current()) return;
    this.#build(standing, story);
    this.#standing.ask();
    this.#parts.question.value = question;
    if (question) {
      await this.#ask(question, { asOf: revision });
    } else {
      this.#picture.show();
      (this.#inquiry.facts.total ? this.#parts.question : this.#telling.input).focus();
    }
    this.#changing.watch();
    story?.askAll(() => this.#current() && this.#picture.story());
  }

  /** Put the page together. */
  #build(questions, story) {
    const inquiry = this.#inquiry;
    const { name, info } = inquiry;
    const heat = this.#heat;
    const timeline = new Timeline(name, (to) => this.#goTo(to));
    const standing = new Standing(name, questions, {
      choose: (asked) => this.#askAnew(asked),
      changed: () => this.#address(false),
    });
    const telling = new Telling(name, () => changing.changed());
    const parts = frame({
      name,
      info,
      model: this.#model,
      story,
      heat: heat.element,
      timeline: timeline.element,
      standing: standing.element,
      telling: telling.element,
      on: {
        ask: (event) => this.#onAsk(event),
        suppose: (event) => supposing.add(event),
        remove: () => changing.remove(),
      },
    });
    const on = { parts, heat, timeline, standing, telling, story };
    const supposing = new Supposing(inquiry, parts, {
      turn: () => this.#begin(),
      address: (push) => this.#address(push),
      show: (how) => picture.show(how),
      action: (key, button) => heat.action(key, button),
    });
    const rows = new Rows(inquiry, (error) => parts.notes.append(problemNote(error)));
    const picture = new Picture(inquiry, rows, on, {
      supposing,
      explain: (other) => this.#explain(other),
      closeWhy: () => this.#closeWhy(),
      lookAt: (hop) => this.#lookAt(hop),
      askStory: (asked) => this.#askAnew(asked.question, asked.facts_before),
      forget: (row) => changing.forget(row),
    });
    const changing = new Changing(inquiry, on, {
      picture,
      ask: (question, how) => this.#ask(question, how),
      busy: () => telling.busy || this.#travel !== null || parts.picture.hasAttribute("aria-busy"),
      current: this.#current,
      go: this.#go,
    });
    this.#parts = parts;
    this.#standing = standing;
    this.#telling = telling;
    this.#picture = picture;
    this.#changing = changing;
    this.#main.replaceChildren(parts.whole);
  }

  /** A new turn: says whether something newer was asked, here or by leading elsewhere, while it was under way. */
  #begin() {
    const turn = ++this.#turn;
    return () => turn !== this.#turn || !this.#current();
  }

  async #onAsk(event) {
    event.preventDefault();
    const { past, facts } = this.#inquiry;
    await this.#askAnew(this.#parts.question.value, past ? facts.revision : null);
  }

  #askAnew(question, asOf = null) {
    this.#picture.before = this.#inquiry.why = null;
    this.#parts.question.value = question;
    return this.#ask(question, { push: true, asOf });
  }

  /** Ask, and show what was read. `asOf` is a revision of the past, or null for the last one. */
  async #ask(question, { push = false, asOf = null, quiet = false, live = false } = {}) {
    const p = this.#parts;
    const stale = this.#begin();
    p.refused.replaceChildren();
    p.cards.style.minHeight = "";
    p.question.removeAttribute("aria-invalid");
    p.picture.setAttribute("aria-busy", "true");
    try {
      if (!(await this.#inquiry.read(question, asOf, stale))) return;
      this.#address(push);
      this.#picture.show({ fresh: true, live });
      if (!quiet) say(spoken(this.#inquiry.groups[0].reading, rowName));
    } catch (error) {
      if (stale()) return;
      if (asOf !== null && error.code !== "unreachable" && error.status !== 422) {
        // A link led to a revision that cannot be read: say why, and show the last one.
        await this.#ask(question, { quiet: true });
        p.notes.append(problemNote(error));
        return;
      }
      this.#inquiry.groups = [];
      this.#picture.show();
      p.refused.replaceChildren(problemNote(error));
      p.question.setAttribute("aria-invalid", "true");
      p.question.focus();
    } finally {
      p.picture.removeAttribute("aria-busy");
    }
  }

  /** Ask the same again, of the same revision. */
  #askAgain() {
    const { question, facts } = this.#inquiry;
    return this.#ask(question, { asOf: facts.revision, quiet: true, live: true });
  }

  async #explain(other) {
    this.#inquiry.why = other;
    this.#picture.before = null;
    await this.#askAgain();
    const title = document.getElementById("why-title");
    title?.focus();
    if (title) say(title.parentElement.nextElementSibling.textContent);
  }

  #closeWhy() {
    this.#inquiry.why = null;
    this.#inquiry.groups[0].reading.answer.explanation = null;
    this.#address(false);
    this.#picture.show();
    this.#parts.cards.querySelector("button.explain")?.focus();
  }

  /** Look at the heads of a hop, or with null at the hops again. Heads are read when they are first looked at. */
  async #lookAt(heads) {
    this.#inquiry.heads = heads;
    if (heads !== null && !this.#inquiry.headsRead) {
      await this.#askAgain();
    } else {
      this.#address(false);
      this.#picture.show({ live: true });
    }
    this.#parts.tools.querySelector(`[data-heads="${heads ?? ""}"]`)?.focus();
    say(heads === null ? "A column for each hop." : `A column for each head of hop ${heads}, and their mean.`);
  }

  /** Follow the slider: one revision after the other, the latest wanted first. */
  async #goTo(revision) {
    const travelling = this.#travel !== null;
    this.#travel = revision;
    if (travelling) return;
    const { cards, notes } = this.#parts;
    // An answer with less to say would pull the slider from under the pointer.
    cards.style.minHeight = `${cards.offsetHeight}px`;
    this.#picture.before = this.#inquiry.why = null;
    while (this.#travel !== null) {
      const to = this.#travel;
      const stale = this.#begin();
      try {
        if (await this.#inquiry.read(this.#inquiry.question, to, stale)) {
          this.#address(false);
          this.#picture.show();
        }
      } catch (error) {
        if (!stale()) notes.replaceChildren(problemNote(error));
      }
      if (this.#travel === to) this.#travel = null;
    }
    const [asked] = this.#inquiry.groups;
    if (asked) say(spoken(asked.reading, rowName));
  }

  /** What superseded some of these facts is known now. */
  #noted(facts) {
    if (facts === this.#inquiry.facts && this.#picture && this.#current()) this.#heat.refresh();
  }

  /** Put into the address what is on the page. */
  #address(push) {
    const { name, question, groups, struck, added, why, heads } = this.#inquiry;
    const [asked] = groups;
    this.#go(
      {
        memory: name,
        question: asked ? question : "",
        revision: asked ? asked.reading.answer.memory.revision : null,
        without: [...struck],
        added: added.map(({ text }) => text),
        standing: this.#standing.questions,
        why,
        heads,
      },
      { push, show: false },
    );
  }
}
