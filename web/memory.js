// One memory: tell it, ask it, see what it read, and try what it would say if it knew more or less.

import * as api from "./api.js";
import { answerCard, answerNotes, difference, rowName, spoken } from "./answer.js";
import { confirmed } from "./dialogs.js";
import { button, h, say } from "./dom.js";
import { Facts } from "./facts.js";
import { HeatMap } from "./heatmap.js";
import { deleted } from "./home.js";
import { legend } from "./legend.js";
import { Live, happened } from "./live.js";
import { note, problemNote } from "./notes.js";
import { count, list, percent } from "./numbers.js";
import { isEvident, narrowed, readingOf } from "./reading.js";
import { Standing } from "./standing.js";
import { gold, storyOf } from "./story.js";
import { Telling } from "./telling.js";
import { Timeline } from "./timeline.js";
import { toolbar } from "./tools.js";
import { whyPanel } from "./why.js";

/** A network that attends to every fact lists all of them up to FULL, and LISTED per hop beyond. */
const FULL = 1000;
const LISTED = 200;

const NARROW = matchMedia("(max-width: 900px)");

export class MemoryView {
  #main;
  #go;
  #current;
  #model;
  #name;
  #info;
  #facts;
  #question = "";
  /** The revision that the slider leads to, while it is on its way. */
  #travel = null;
  /** The story of the service that the memory was told, if any. */
  #story = null;
  #timeline;
  #standing;
  /** What is to be explained: null nothing, "" the answer, otherwise why it is not this one. */
  #why = null;
  #telling;
  #groups = [];
  #struck = new Set();
  #added = [];
  #evidenceOnly = false;
  #before = null;
  #turn = 0;
  #heat = new HeatMap();
  #parts = {};

  /** `model` is what `/v1/version` says of the network; `go` changes the address; `current` says whether this
   * view is still the one to see. */
  constructor(main, { model, go, current }) {
    this.#main = main;
    this.#model = model;
    this.#go = go;
    this.#current = current;
  }

  /** Whether something newer was asked, here or by leading elsewhere, while an answer was under way. */
  #stale(turn) {
    return turn !== this.#turn || !this.#current();
  }

  /** Show a memory, and the question of the address if it has one. */
  async open({
    memory,
    question = "",
    revision = null,
    without = [],
    added = [],
    standing = [],
    why = null,
  }) {
    this.#name = memory;
    this.#why = why;
    try {
      await this.#reload({ beside: Boolean(question) });
      this.#story = await storyOf(memory, this.#info.revision);
    } catch (error) {
      if (!this.#current()) return;
      this.#main.replaceChildren(
        h("div", { class: "lost" }, problemNote(error), h("p", {}, h("a", { href: "ui" }, "All memories"))),
      );
      return;
    }
    if (!this.#current()) return;
    this.#struck = new Set(without.filter((seq) => seq >= 1));
    this.#added = added.map((text, index) => ({ key: `+${index + 1}`, text, added: true }));
    this.#timeline = new Timeline(this.#name, (to) => this.#goTo(to));
    this.#standing = new Standing(this.#name, standing, {
      choose: (asked) => {
        this.#before = this.#why = null;
        this.#parts.question.value = asked;
        this.#ask(asked, { push: true });
      },
      changed: () => this.#address(false),
    });
    this.#build();
    this.#standing.ask();
    this.#parts.question.value = question;
    if (question) {
      await this.#ask(question, { asOf: revision });
    } else {
      this.#show();
      (this.#facts.total ? this.#parts.question : this.#telling.input).focus();
    }
    new Live(this.#name, {
      known: () => this.#info.revision,
      changed: (info) => this.#noticed(info),
      busy: () =>
        this.#telling.busy || this.#travel !== null || this.#parts.picture.hasAttribute("aria-busy"),
      state: (state, error) => this.#connection(state, error),
      current: this.#current,
    });
    this.#story?.askAll(() => this.#current() && this.#showStory());
  }

  async #reload({ beside = false } = {}) {
    this.#info = await api.getMemory(this.#name);
    this.#facts = new Facts(this.#name, this.#info.counts.facts, this.#info.revision);
    const newest = this.#facts.reach(this.#facts.total - 1);
    // Beside an answer they are waited for where it is read, so that both are on their way at once.
    if (beside) newest.catch(() => {});
    else await newest;
  }

  #build() {
    const p = this.#parts;
    p.title = h("h1", { tabindex: "-1" }, this.#name);
    p.meta = h("span");
    p.live = h("span", { class: "live", title: "Changes by others show here by themselves" }, "live");
    this.#telling = new Telling(this.#name, () => this.#changed());
    p.question = h("input", {
      id: "question",
      name: "question",
      autocomplete: "off",
      placeholder: "Where is the football?",
    });
    p.refused = h("div", { class: "problem-place" });
    p.notes = h("div", { class: "notes" });
    p.cards = h("div", { class: "cards" });
    p.tools = h("div", { class: "tools row" });
    p.suppose = h("input", {
      id: "suppose",
      name: "suppose",
      autocomplete: "off",
      placeholder: "Mary dropped the football.",
    });
    p.supposing = h(
      "form",
      { class: "supposing", on: { submit: (event) => this.#suppose(event) } },
      h("label", { for: "suppose" }, h("b", {}, "What if"), " it also knew, for this question only"),
      h("div", { class: "row joined" }, p.suppose, h("button", { type: "submit", class: "plain" }, "Try")),
      h("p", { class: "fine" }, "Or strike facts out in the table. Nothing of this is stored."),
    );
    p.legend = legend();
    // There is nothing to lead through, to suppose or to read until there is an answer.
    for (const later of [p.supposing, p.legend, this.#timeline.element]) later.hidden = true;
    p.empty = h("p", { class: "blank" });
    p.picture = h(
      "section",
      { class: "picture", "aria-label": "Answer and attention" },
      p.notes,
      p.cards,
      this.#timeline.element,
      p.tools,
      p.empty,
      this.#heat.element,
      p.legend,
      p.supposing,
    );
    p.rail = h(
      "aside",
      { class: "rail", "aria-label": "Tell and ask" },
      h("p", { class: "crumb" }, h("a", { href: "ui" }, "All memories")),
      p.title,
      this.#info.description ? h("p", { class: "about" }, this.#info.description) : null,
      h("p", { class: "fine" }, p.meta, p.live),
      h(
        "form",
        { class: "ask", on: { submit: (event) => this.#onAsk(event) } },
        h("label", { for: "question" }, "Ask"),
        h("div", { class: "row joined" }, p.question, h("button", { type: "submit", class: "main" }, "Ask")),
        p.refused,
      ),
    );
    p.story = h("div", { hidden: !this.#story });
    p.telling = h(
      "div",
      { class: "telling" },
      this.#standing.element,
      p.story,
      this.#telling.element,
      h(
        "p",
        { class: "leave" },
        button("Delete this memory…", () => this.#remove(), { class: "quiet danger" }),
      ),
    );
    p.whole = h("div", { class: "memory" }, p.rail, p.picture);
    this.#main.replaceChildren(p.whole);
    // Beside the picture where there is room, after it where there is not: in the page's order as in the eye's.
    const place = () => (NARROW.matches ? p.whole : p.rail).append(p.telling);
    place();
    NARROW.onchange = place;
  }

  // Asking.

  async #onAsk(event) {
    event.preventDefault();
    this.#before = this.#why = null;
    await this.#ask(this.#parts.question.value, {
      push: true,
      asOf: this.#past ? this.#facts.revision : null,
    });
  }

  /** Ask, and show what was read. `asOf` is a revision of the past, or null for the last one. */
  async #ask(question, { push = false, asOf = null, quiet = false, live = false } = {}) {
    const p = this.#parts;
    const turn = ++this.#turn;
    p.refused.replaceChildren();
    p.cards.style.minHeight = "";
    p.question.removeAttribute("aria-invalid");
    p.picture.setAttribute("aria-busy", "true");
    try {
      if (!(await this.#read(question, asOf, turn))) return;
      this.#address(push);
      this.#show({ fresh: true, live });
      if (!quiet) say(spoken(this.#groups[0].reading, rowName));
    } catch (error) {
      if (this.#stale(turn)) return;
      if (asOf !== null && error.code !== "unreachable" && error.status !== 422) {
        // A link led to a revision that cannot be read: say why, and show the last one.
        await this.#ask(question, { quiet: true });
        p.notes.append(problemNote(error));
        return;
      }
      this.#groups = [];
      this.#show();
      p.refused.replaceChildren(problemNote(error));
      p.question.setAttribute("aria-invalid", "true");
      p.question.focus();
    } finally {
      p.picture.removeAttribute("aria-busy");
    }
  }

  /** Read the answer and its facts, and keep both unless something newer was asked meanwhile. */
  async #read(question, asOf, turn) {
    // The last revision is asked for without its number, so that a later one is not taken for the past.
    const past = asOf !== null && asOf !== this.#info.revision;
    const how = { ...this.#how(), ...(past ? { as_of: { revision: asOf } } : {}) };
    const answer = await this.#explained(question, how);
    const { revision, eligible } = answer.memory;
    const facts = this.#facts.revision === revision ? this.#facts : new Facts(this.#name, eligible, revision);
    await facts.reach(facts.total - 1);
    if (answer.evidence.length) await facts.reachSeq(Math.min(...answer.evidence.map((fact) => fact.seq)));
    if (this.#stale(turn)) return false;
    this.#info.revision = Math.max(this.#info.revision, revision);
    this.#facts = facts;
    this.#question = question;
    this.#groups = [{ label: "As remembered", reading: readingOf(answer) }];
    await this.#whatIf(turn);
    return !this.#stale(turn);
  }

  /** Ask, and let the answer be explained where that is wanted. */
  async #explained(question, how) {
    if (this.#why === null) return api.ask(this.#name, question, how);
    try {
      const explain = this.#why ? { why_not: this.#why } : {};
      return await api.ask(this.#name, question, { ...how, explain });
    } catch (error) {
      // What was the other answer may be the answer by now; then there is nothing left to explain.
      if (!error.errors?.some(({ pointer }) => pointer?.startsWith("#/explain"))) throw error;
      this.#why = null;
      return api.ask(this.#name, question, how);
    }
  }

  async #explain(other) {
    this.#why = other;
    this.#before = null;
    await this.#ask(this.#question, { asOf: this.#facts.revision, quiet: true, live: true });
    const title = document.getElementById("why-title");
    title?.focus();
    if (title) say(title.parentElement.nextElementSibling.textContent);
  }

  async #closeWhy() {
    this.#why = null;
    this.#groups[0].reading.answer.explanation = null;
    this.#address(false);
    this.#show();
    this.#parts.cards.querySelector("button.explain")?.focus();
  }

  /** A button that supposes what an explanation found. */
  #supposeWithout(removal) {
    if (!removal) return null;
    return button(
      "Suppose that",
      () => {
        this.#struck = new Set(removal.facts.map(({ seq }) => seq));
        this.#again();
      },
      { class: "plain small" },
    );
  }

  /** Whether an earlier revision than the last one is looked at. */
  get #past() {
    return this.#facts.revision < this.#info.revision;
  }

  /** Follow the slider: one revision after the other, the latest wanted first. */
  async #goTo(revision) {
    const travelling = this.#travel !== null;
    this.#travel = revision;
    if (travelling) return;
    this.#why = null;
    const { cards } = this.#parts;
    // An answer with less to say would pull the slider from under the pointer.
    cards.style.minHeight = `${cards.offsetHeight}px`;
    this.#before = null;
    while (this.#travel !== null) {
      const to = this.#travel;
      const turn = ++this.#turn;
      try {
        if (await this.#read(this.#question, to, turn)) {
          this.#address(false);
          this.#show();
        }
      } catch (error) {
        if (!this.#stale(turn)) this.#parts.notes.replaceChildren(problemNote(error));
      }
      if (this.#travel === to) this.#travel = null;
    }
    if (this.#groups[0]) say(spoken(this.#groups[0].reading, rowName));
  }

  #how() {
    const all = this.#model.memory_size !== null || this.#facts.total <= FULL;
    return {
      top_answers: 5,
      ...(all ? { attention: "full" } : { attention: "top", attention_limit: LISTED }),
    };
  }

  // What if.

  get #supposes() {
    return this.#struck.size + this.#added.length > 0;
  }

  /** Ask the same question of the same revision, without the struck facts and with the added ones. */
  async #whatIf(turn) {
    this.#groups.length = 1;
    if (!this.#supposes) return;
    const { revision, items, indexOf } = this.#facts;
    if (this.#struck.size) await this.#facts.reachSeq(Math.min(...this.#struck));
    // What was struck out later in the story than the revision that is looked at is not there to be hidden.
    const hide = [...this.#struck]
      .filter((seq) => indexOf.has(seq))
      .map((seq) => items[indexOf.get(seq)].fact_id);
    const added = this.#added;
    const answer = await api.ask(this.#name, this.#question, {
      ...this.#how(),
      as_of: { revision },
      overlay: { hide, add: added.map(({ text }) => ({ text })) },
    });
    if (this.#stale(turn)) return;
    // Added facts are numbered behind those of the memory.
    const keys = new Map(answer.overlay?.added.map(({ seq }, index) => [seq, added[index].key]));
    this.#groups.push({ label: "What if", reading: readingOf(answer, (seq) => keys.get(seq) ?? seq) });
  }

  async #again() {
    const turn = ++this.#turn;
    try {
      await this.#whatIf(turn);
    } catch (error) {
      if (this.#stale(turn)) return;
      this.#show();
      this.#parts.notes.append(problemNote(error, (where) => this.#supposed(where)));
      return;
    }
    if (this.#stale(turn)) return;
    this.#address(false);
    this.#show({ fresh: true });
    const [asked, whatIf] = this.#groups;
    say(whatIf ? difference(asked.reading.answer, whatIf.reading.answer) : "Nothing is supposed any more.");
  }

  #supposed(where) {
    return /^#\/overlay\/add\/\d+/.test(where) ? "a fact of the what-if" : null;
  }

  async #strike(row) {
    if (!this.#struck.delete(row.key)) this.#struck.add(row.key);
    await this.#again();
    this.#heat.action(row.key, "strike")?.focus();
  }

  async #suppose(event) {
    event.preventDefault();
    const text = this.#parts.suppose.value.trim();
    if (!text) return;
    const number = 1 + Math.max(0, ...this.#added.map(({ key }) => Number(key.slice(1))));
    this.#added.push({ key: `+${number}`, text, added: true });
    this.#parts.suppose.value = "";
    await this.#again();
    // What cannot be asked with is not kept: the sentence goes back to where it can be corrected.
    if (!this.#groups[1]) {
      this.#added.pop();
      this.#parts.suppose.value = text;
      const refusal = this.#parts.notes.querySelector(".problem");
      await this.#again();
      if (refusal) this.#parts.notes.append(refusal);
    }
    this.#parts.suppose.focus();
  }

  async #takeBack(row) {
    this.#added = this.#added.filter(({ key }) => key !== row.key);
    await this.#again();
    this.#parts.suppose.focus();
  }

  async #clear() {
    this.#struck.clear();
    this.#added = [];
    await this.#again();
    this.#parts.question.focus();
  }

  // Forgetting, changing, deleting.

  async #forget(row) {
    const fact = this.#facts.items[this.#facts.indexOf.get(row.key)];
    const index = this.#facts.indexOf.get(row.key);
    const done = await confirmed({
      title: `Forget fact ${row.key}?`,
      body: [
        h("blockquote", {}, row.text),
        h("p", {}, "No answer uses it from now on, and its number is not used again."),
      ],
      verb: "Forget",
      act: () => api.forget(this.#name, fact.fact_id),
    });
    if (!done) return;
    this.#struck.delete(row.key);
    await this.#changed();
    const next = this.#facts.items[Math.min(index, this.#facts.total - 1)];
    ((next && this.#heat.action(next.seq, "forget")) ?? this.#telling.input).focus();
    say(`Fact ${row.key} is forgotten. ${this.#groups[0] ? spoken(this.#groups[0].reading, rowName) : ""}`);
  }

  /** The memory has another revision now: read it again, and ask again what was asked. */
  async #changed({ live = false } = {}) {
    const [asked] = this.#groups;
    this.#before = asked ? asked.reading.answer : null;
    await this.#reload({ beside: Boolean(asked) });
    this.#standing.ask();
    if (asked) await this.#ask(this.#question, { quiet: true, live });
    else this.#show({ live });
  }

  /** Somebody else changed the memory. */
  async #noticed(info) {
    const { revision } = this.#info;
    if (this.#past && info.revision > revision) {
      // Who looks at the past goes on looking at it; only the slider leads further now.
      this.#info = info;
      this.#standing.ask();
      this.#show({ live: true });
      return;
    }
    const what = await happened(this.#name, revision);
    const back = this.#heat.held();
    try {
      await this.#changed({ live: true });
    } catch (error) {
      this.#parts.notes.append(problemNote(error));
      return;
    }
    back();
    if (what) this.#parts.notes.prepend(note(what));
    const [asked] = this.#groups;
    say(`${what} ${asked ? spoken(asked.reading, rowName) : ""}`);
  }

  #connection(state, error) {
    const { live, notes } = this.#parts;
    live.className = `live ${state}`;
    live.textContent = { live: "live", lost: "not connected", gone: "gone" }[state];
    if (state === "gone") notes.prepend(problemNote(error));
  }

  async #remove() {
    if (await deleted(this.#name)) {
      this.#go({});
      say(`${this.#name} is deleted`);
    }
  }

  // Showing.

  #address(push) {
    const [asked] = this.#groups;
    this.#go(
      {
        memory: this.#name,
        question: asked ? this.#question : "",
        revision: asked ? asked.reading.answer.memory.revision : null,
        without: [...this.#struck],
        added: this.#added.map(({ text }) => text),
        standing: this.#standing.questions,
        why: this.#why,
      },
      { push, show: false },
    );
  }

  #rowAt(index) {
    const { total, items } = this.#facts;
    if (index >= total) return this.#added[index - total];
    const fact = items[index];
    return fact && { key: fact.seq, text: fact.text, struck: this.#struck.has(fact.seq) };
  }

  /** Every row, fetched as it is looked at. */
  #allRows() {
    const { total, indexOf } = this.#facts;
    return {
      length: total + this.#added.length,
      at: (index) => this.#rowAt(index),
      indexOf: (key) =>
        indexOf.get(key) ??
        (typeof key === "string" ? total + this.#added.findIndex((row) => row.key === key) : -1),
      fetch: async (index) => {
        try {
          await this.#facts.reach(index);
        } catch (error) {
          // Erased since, or the memory is gone: what is on the page is no longer so.
          if (!(error instanceof api.Problem)) throw error;
          this.#parts.notes.append(problemNote(error));
        }
      },
    };
  }

  /** The rows that are here, as a list. */
  #rows(keep) {
    const rows = [];
    for (
      let index = this.#facts.total - this.#facts.fetched;
      index < this.#facts.total + this.#added.length;
      index += 1
    ) {
      const row = this.#rowAt(index);
      if (row.added || row.struck || keep(row)) rows.push(row);
    }
    return rows;
  }

  #evident(row) {
    return this.#groups.some(({ reading }) => isEvident(reading, row.key));
  }

  /** `fresh` draws the flow in; `live` leaves the table where it was scrolled to. */
  #show({ fresh = false, live = false } = {}) {
    const p = this.#parts;
    const groups = this.#groups;
    const [asked, whatIf] = groups;
    const { total } = this.#facts;
    document.title = `${asked ? `${this.#question} · ` : ""}${this.#name} · memnet`;
    const past = this.#past;
    const at = this.#facts.revision;
    const last = this.#info.revision;
    p.meta.textContent = `${count(total, "fact")} · revision ${past ? `${at} of ${last}` : last}`;
    p.empty.hidden = total > 0 || Boolean(asked);
    p.empty.textContent = "This memory holds no facts yet. Tell it some, then ask.";
    p.notes.replaceChildren(...this.#notes(asked));
    p.cards.replaceChildren(...this.#cards(asked, whatIf));
    p.cards.classList.toggle("two", Boolean(whatIf));
    this.#tools(asked);
    this.#showStory();
    const posed = this.#posed;
    const rows = this.#allRows();
    const narrow = asked && this.#evidenceOnly && rows.length > 0;
    const listed = narrow ? this.#rows((row) => this.#evident(row)) : null;
    const keys = listed?.map((row) => row.key);
    this.#heat.element.hidden = rows.length === 0;
    p.legend.hidden = !asked || !asked.reading.hops.length;
    p.supposing.hidden = !asked;
    if (asked) this.#timeline.show({ at, last, answer: asked.reading.answer });
    else this.#timeline.element.hidden = true;
    this.#heat.show({
      rows: listed ? arrayRows(listed) : rows,
      groups: narrow ? groups.map((group) => ({ ...group, reading: narrowed(group.reading, keys) })) : groups,
      question: asked ? this.#question : "",
      caption: asked
        ? `Attention of every hop for “${this.#question}”: each column sums to 1.`
        : `The facts of ${this.#name}, in the order told`,
      unknown: this.#telling.unknown,
      gold: new Set(posed?.supporting_facts),
      fresh,
      actions: {
        strike: asked ? (row) => this.#strike(row) : null,
        forget: past ? null : (row) => this.#forget(row),
        remove: (row) => this.#takeBack(row),
      },
    });
    if (live) return;
    const strongest = asked?.reading.answer.evidence[0];
    if (fresh && strongest) this.#heat.reveal(strongest.seq);
    else if (!asked && total) this.#heat.reveal(this.#rowAt(total - 1)?.key);
  }

  #notes(asked) {
    if (!asked) return [];
    const notes = answerNotes(asked.reading).filter(Boolean);
    const before = this.#before;
    const now = asked.reading.answer;
    if (before && before.question === now.question && before.memory.revision !== now.memory.revision) {
      const same = before.answer === now.answer;
      const was = before.abstained
        ? "there was no answer"
        : `the answer was ${before.answer} (${percent(before.confidence.probability)})`;
      notes.push(
        note(
          same
            ? `The memory changed, the answer did not: at revision ${before.memory.revision} ${was}.`
            : `The answer has changed: at revision ${before.memory.revision} ${was}.`,
        ),
      );
    }
    return notes;
  }

  #cards(asked, whatIf) {
    if (!asked) return [];
    if (!whatIf)
      return [
        this.#asked(),
        answerCard(asked.reading, {
          nameOf: rowName,
          beneath: this.#posed && gold(this.#posed, asked.reading),
          explain: (other) => this.#explain(other),
        }),
        this.#whyPanel(asked),
      ];
    const parts = [
      this.#struck.size
        ? `without ${list([...this.#struck].sort((a, b) => a - b).map((seq) => `fact ${seq}`))}`
        : null,
      this.#added.length ? `with ${list(this.#added.map(({ text }) => `“${text}”`))}` : null,
    ].filter(Boolean);
    return [
      this.#asked(),
      answerCard(asked.reading, {
        heading: "As remembered",
        nameOf: rowName,
      }),
      answerCard(whatIf.reading, {
        heading: `What if: ${parts.join(", ")}`,
        nameOf: rowName,
        kind: "supposed",
      }),
      h(
        "p",
        { class: "difference" },
        difference(asked.reading.answer, whatIf.reading.answer),
        " ",
        button("Clear the what-if", () => this.#clear(), { class: "plain" }),
      ),
    ];
  }

  /** The question of the story that the reading answers, if it is one. */
  get #posed() {
    const [asked] = this.#groups;
    return (asked && this.#story?.asked(this.#question, asked.reading.answer.memory.revision)) || null;
  }

  #showStory() {
    if (!this.#story) return;
    const { story } = this.#parts;
    const held = [...story.querySelectorAll("button")].indexOf(document.activeElement);
    story.replaceChildren(
      this.#story.list(this.#posed, (asked) => {
        this.#before = this.#why = null;
        this.#parts.question.value = asked.question;
        this.#ask(asked.question, { push: true, asOf: asked.facts_before });
      }),
    );
    story.querySelectorAll("button")[held]?.focus();
  }

  #whyPanel({ reading: { answer } }) {
    if (!answer.explanation || answer.abstained) return "";
    return whyPanel(answer, {
      suppose: (removal) => this.#supposeWithout(removal),
      close: () => this.#closeWhy(),
    });
  }

  #asked() {
    return h(
      "h2",
      { class: "asked" },
      this.#question,
      this.#past ? h("span", { class: "fine" }, ` as of revision ${this.#facts.revision}`) : null,
    );
  }

  #tools(asked) {
    const { tools } = this.#parts;
    if (!asked) {
      tools.replaceChildren();
      return;
    }
    tools.replaceChildren(
      ...toolbar({
        memory: this.#name,
        question: this.#question,
        hops: asked.reading.hops.length,
        evidenceOnly: this.#evidenceOnly,
        standing: this.#standing.has(this.#question),
        narrow: (evidenceOnly) => {
          this.#evidenceOnly = evidenceOnly;
          this.#show();
        },
        stand: () => {
          this.#standing.toggle(this.#question);
          return this.#standing.has(this.#question);
        },
        saved: (most) => this.#saved(most),
      }),
    );
  }

  /** What a file holds: the rows that the answers list, and those that were struck out or added. */
  #saved(most = Infinity) {
    const listed = (row) => this.#groups.some(({ reading }) => reading.evidence.has(row.key));
    let rows = this.#rows(listed);
    if (rows.length > most || this.#evidenceOnly) rows = this.#rows((row) => this.#evident(row));
    const keys = rows.map((row) => row.key);
    const groups = this.#groups.map((group) => ({ ...group, reading: narrowed(group.reading, keys) }));
    const gold = new Set(this.#posed?.supporting_facts);
    return { memory: this.#name, rows, groups, gold, link: location.href };
  }
}

function arrayRows(rows) {
  return {
    length: rows.length,
    at: (index) => rows[index],
    indexOf: (key) => rows.findIndex((row) => row.key === key),
    fetch: async () => {},
  };
}
