// The slider over revisions: what the memory held, and what it answered, after each of its changes.

import * as api from "./api.js";
import { button, h } from "./dom.js";
import { Problem } from "./api.js";
import { list } from "./numbers.js";

/** Up to so many revisions, each is asked for its answer, so that one sees where the answer changed. */
const ASKED = 40;
/** Log entries fetched around a revision that is looked at. */
const PAGE = 100;

export class Timeline {
  #name;
  #move;
  #last = 0;
  #at = 0;
  #question = null;
  #answers = new Map();
  #changes = new Map();
  #asking = null;
  #range = h("input", { type: "range", id: "as-of", min: 0, step: 1 });
  #output = h("b", { class: "at" });
  #what = h("span", { class: "fine what" });
  #strip = h("div", { class: "strip", "aria-hidden": "true" });
  #latest;

  /** `move` is called with the revision that is wanted. */
  constructor(name, move) {
    this.#name = name;
    this.#move = move;
    this.#range.addEventListener("input", () => this.#moved(Number(this.#range.value)));
    this.#latest = button("Latest", () => this.#moved(this.#last), { class: "quiet" });
    this.element = h(
      "section",
      { class: "timeline", "aria-label": "Revisions" },
      h(
        "div",
        { class: "row" },
        h("label", { for: "as-of" }, "As of revision ", this.#output),
        this.#what,
        h("span", { class: "push" }, this.#latest),
      ),
      h("div", { class: "track" }, this.#range, this.#strip),
    );
  }

  /** Show where the reading stands: an answer as of `at`, of a memory whose last revision is `last`. */
  show({ at, last, answer }) {
    if (answer.question !== this.#question) {
      this.#question = answer.question;
      this.#answers.clear();
    }
    this.#at = at;
    this.#last = last;
    this.#answers.set(at, answer.answer);
    this.element.hidden = last < 2;
    this.#range.max = last;
    this.#range.style.setProperty("--revisions", last + 1);
    this.#range.value = at;
    this.#latest.disabled = at === last;
    this.element.classList.toggle("past", at < last);
    this.#label();
    this.#draw();
    this.#askTheOthers();
  }

  #moved(revision) {
    this.#range.value = revision;
    this.#at = revision;
    this.#label();
    this.#move(revision);
  }

  #label() {
    const at = this.#at;
    this.#output.textContent = `${at} of ${this.#last}`;
    const change = this.#changes.get(at);
    const what = at === 0 ? "before anything was told" : change ? told(change) : "";
    this.#what.textContent = what;
    const answer = this.#answers.get(at);
    this.#range.setAttribute(
      "aria-valuetext",
      [`revision ${at} of ${this.#last}`, what, this.#answers.has(at) ? `answer: ${answer ?? "none"}` : ""]
        .filter(Boolean)
        .join(", "),
    );
    if (at > 0 && !change) this.#readLog(at);
  }

  async #readLog(at) {
    const from = Math.max(0, at - 1 - PAGE / 2);
    // Taken as read, so that a part of the log that is gone is asked for once.
    for (let revision = from + 1; revision <= from + PAGE; revision += 1)
      if (!this.#changes.has(revision)) this.#changes.set(revision, null);
    try {
      const { items } = await api.changes(this.#name, { after_revision: from, limit: PAGE });
      for (const change of items) this.#changes.set(change.revision, change);
      // What the memory had not reached then may be there the next time.
      for (const [revision, change] of this.#changes)
        if (!change && revision > (items.at(-1)?.revision ?? 0)) this.#changes.delete(revision);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return; // The slider goes without what each revision did.
    }
    if (this.#changes.get(this.#at)) this.#label();
  }

  async #askTheOthers() {
    if (this.#last > ASKED || this.#asking === this.#question) return;
    const question = this.#question;
    this.#asking = question;
    for (let revision = this.#last; revision >= 0 && question === this.#question; revision -= 1) {
      if (this.#answers.has(revision)) continue;
      try {
        const how = { attention: "none", top_answers: 1, as_of: { revision } };
        const { answer } = await api.ask(this.#name, question, how);
        if (question !== this.#question) return;
        this.#answers.set(revision, answer);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        break; // Erased, or the memory has gone: the past ends here.
      }
      if (!this.element.isConnected) return;
      this.#draw();
    }
    if (question === this.#question) this.#asking = null;
  }

  /** Runs of revisions with one answer, as wide as they are long. */
  #draw() {
    const all = this.#last <= ASKED;
    this.#strip.hidden = !all;
    if (!all) return;
    const runs = [];
    for (let revision = 0; revision <= this.#last; revision += 1) {
      const known = this.#answers.has(revision);
      const answer = known ? (this.#answers.get(revision) ?? "no answer") : "";
      const run = runs.at(-1);
      if (run && run.answer === answer && run.known === known) run.length += 1;
      else runs.push({ answer, known, first: revision, length: 1 });
    }
    this.#strip.replaceChildren(
      ...runs.map(({ answer, known, first, length }) =>
        h(
          "span",
          {
            class: [known ? "run" : "run unknown", first <= this.#at && this.#at < first + length && "here"]
              .filter(Boolean)
              .join(" "),
            title: known
              ? `${answer}: revision${length > 1 ? `s ${first} to ${first + length - 1}` : ` ${first}`}`
              : null,
            style: { "--length": length },
          },
          h("span", {}, answer),
        ),
      ),
    );
    // A name that is cut off says less than none; the pointer still finds it.
    for (const { firstChild: name } of this.#strip.children)
      name.classList.toggle("cut", name.scrollWidth > name.clientWidth);
  }
}

/** What a change did, in a few words. */
function told({ op, facts, recorded_at: at }) {
  const seqs = facts.map(({ seq }) => seq);
  const which =
    seqs.length > 3
      ? `facts ${seqs[0]} to ${seqs.at(-1)}`
      : `fact${seqs.length === 1 ? "" : "s"} ${list(seqs)}`;
  const did = {
    add: `told ${which}`,
    forget: `forgot ${which}`,
    erase: "erased facts",
    model: "another model",
  };
  const when = new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return `${did[op] ?? op} · ${when}`;
}
