// What a memory's page shows of an inquiry: cards, tools, the heat map, the slider, the story's questions.

import { cards, notes } from "./cards.js";
import { count } from "./numbers.js";
import { columnsOf, narrowed } from "./reading.js";
import { listed } from "./rows.js";
import { toolbar } from "./tools.js";

export class Picture {
  #inquiry;
  #rows;
  #on;
  #act;
  #evidenceOnly = false;
  /** The answer that was on the page until the memory changed, if any. */
  before = null;

  /** `on` is what the picture stands on: `parts` of the frame, `heat`, `timeline`, `standing`, `telling`, and the
   * `story` of the service that the memory was told, if any. `act` is what can be done: `supposing`, and the functions
   * `explain`, `closeWhy`, `lookAt`, `askStory` and `forget`. */
  constructor(inquiry, rows, on, act) {
    this.#inquiry = inquiry;
    this.#rows = rows;
    this.#on = on;
    this.#act = act;
  }

  /** Show what is there. `fresh` draws the flow in; `live` leaves the table where it was scrolled to. */
  show({ fresh = false, live = false } = {}) {
    const { parts: p, timeline } = this.#on;
    const { name, question, groups, facts, info, past } = this.#inquiry;
    const [asked] = groups;
    const { total, revision: at } = facts;
    const last = info.revision;
    document.title = `${asked ? `${question} · ` : ""}${name} · memnet`;
    // Of the past it is not counted.
    const retired = past ? 0 : (info.counts.retired ?? 0);
    p.meta.textContent = [
      count(total, "fact") + (retired ? `, ${retired.toLocaleString("en")} retired` : ""),
      `revision ${past ? `${at} of ${last}` : last}`,
    ].join(" · ");
    p.empty.hidden = total > 0 || Boolean(asked);
    p.empty.textContent = "This memory holds no facts yet. Tell it some, then ask.";
    p.legend.hidden = !asked || !asked.reading.hops.length;
    p.supposing.hidden = !asked;
    p.notes.replaceChildren(...notes(this.#inquiry, this.before));
    this.#cards();
    this.#tools(asked);
    this.story();
    if (asked) timeline.show({ at, last, answer: asked.reading.answer });
    else timeline.element.hidden = true;
    this.#map(asked, fresh);
    facts.note();
    if (live) return;
    const strongest = asked?.reading.answer.evidence[0];
    if (fresh && strongest) this.#on.heat.reveal(strongest.seq);
    else if (!asked && total) this.#on.heat.reveal(this.#rows.at(total - 1)?.key);
  }

  /** Show the questions of the story, and how many of them are answered right. */
  story() {
    const { story, parts } = this.#on;
    if (!story) return;
    const held = [...parts.story.querySelectorAll("button")].indexOf(document.activeElement);
    parts.story.replaceChildren(story.list(this.#posed, this.#act.askStory));
    parts.story.querySelectorAll("button")[held]?.focus();
  }

  #cards() {
    const { cards: place } = this.#on.parts;
    const { explain, closeWhy, supposing } = this.#act;
    place.replaceChildren(
      ...cards(this.#inquiry, {
        posed: this.#posed,
        explain,
        closeWhy,
        suppose: (removal) => supposing.without(removal),
        clear: () => supposing.clear(),
      }),
    );
    place.classList.toggle("two", this.#inquiry.groups.length > 1);
  }

  #map(asked, fresh) {
    const { heat, telling } = this.#on;
    const { supposing, forget } = this.#act;
    const { question, groups, past, heads } = this.#inquiry;
    const all = this.#rows.all();
    const few = asked && this.#evidenceOnly && all.length > 0 ? this.#rows.evident() : null;
    const keys = few?.map((row) => row.key);
    heat.element.hidden = all.length === 0;
    heat.show({
      rows: few ? listed(few) : all,
      groups: groups.map(({ label, reading: whole }) => {
        const reading = few ? narrowed(whole, keys) : whole;
        return { label, reading, columns: columnsOf(reading, heads) };
      }),
      question: asked ? question : "",
      caption: this.#caption(asked),
      unknown: telling.unknown,
      gold: this.#gold,
      fresh,
      actions: {
        strike: asked ? (row) => supposing.strike(row) : null,
        forget: past ? null : forget,
        remove: (row) => supposing.takeBack(row),
      },
    });
  }

  #caption(asked) {
    const { name, question, heads } = this.#inquiry;
    if (!asked) return `The facts of ${name}, in the order told`;
    const what = heads === null ? "every hop" : `every head of hop ${heads}`;
    return `Attention of ${what} for “${question}”: each column sums to 1.`;
  }

  /** The question of the story that the reading answers, if it is one. */
  get #posed() {
    const [asked] = this.#inquiry.groups;
    if (!asked) return null;
    return this.#on.story?.asked(this.#inquiry.question, asked.reading.answer.memory.revision) ?? null;
  }

  get #gold() {
    return new Set(this.#posed?.supporting_facts);
  }

  #tools(asked) {
    const { parts, standing } = this.#on;
    if (!asked) {
      parts.tools.replaceChildren();
      return;
    }
    const { name, question, heads, model } = this.#inquiry;
    parts.tools.replaceChildren(
      ...toolbar({
        memory: name,
        question,
        hops: asked.reading.hops.length,
        heads: model.heads > 1 ? { of: heads, look: this.#act.lookAt } : null,
        evidenceOnly: this.#evidenceOnly,
        standing: standing.has(question),
        narrow: (evidenceOnly) => {
          this.#evidenceOnly = evidenceOnly;
          this.show();
        },
        stand: () => {
          standing.toggle(question);
          return standing.has(question);
        },
        saved: (most) => ({
          ...this.#rows.saved({ most, evidenceOnly: this.#evidenceOnly }),
          memory: name,
          heads,
          gold: this.#gold,
          link: location.href,
        }),
      }),
    );
  }
}
