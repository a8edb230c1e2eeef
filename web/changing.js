// Changes of a memory: facts that are forgotten here, whatever others do, and its end.

import { rowName, spoken } from "./answer.js";
import * as api from "./api.js";
import { confirmed } from "./dialogs.js";
import { h, say } from "./dom.js";
import { deleted } from "./home.js";
import { Live, happened } from "./live.js";
import { note, problemNote } from "./notes.js";

export class Changing {
  #inquiry;
  #on;
  #view;

  /** `on` has the `parts` of the frame, `heat`, `telling` and `standing`; `view` says `ask` and `show`, holds the
   * `picture`, says whether it is `busy` and still `current`, and leaves for another page with `go`. */
  constructor(inquiry, on, view) {
    this.#inquiry = inquiry;
    this.#on = on;
    this.#view = view;
  }

  /** Look from now on for what others do. */
  watch() {
    new Live(this.#inquiry.name, {
      known: () => this.#inquiry.info.revision,
      changed: (info) => this.#noticed(info),
      busy: this.#view.busy,
      state: (state, error) => this.#connection(state, error),
      current: this.#view.current,
    });
  }

  /** The memory has another revision now: read it again, and ask again what was asked. */
  async changed({ live = false } = {}) {
    const { picture, ask } = this.#view;
    const [asked] = this.#inquiry.groups;
    picture.before = asked ? asked.reading.answer : null;
    await this.#inquiry.reload({ beside: Boolean(asked) });
    this.#on.standing.ask();
    if (asked) await ask(this.#inquiry.question, { quiet: true, live });
    else picture.show({ live });
  }

  /** Forget a fact, if that is meant. */
  async forget(row) {
    const { facts, name, struck } = this.#inquiry;
    const { heat, telling } = this.#on;
    const index = facts.indexOf.get(row.key);
    const fact = facts.items[index];
    const done = await confirmed({
      title: `Forget fact ${row.key}?`,
      body: [
        h("blockquote", {}, row.text),
        h("p", {}, "No answer uses it from now on, and its number is not used again."),
      ],
      verb: "Forget",
      act: () => api.forget(name, fact.fact_id),
    });
    if (!done) return;
    struck.delete(row.key);
    await this.changed();
    const { facts: left, groups } = this.#inquiry;
    const next = left.items[Math.min(index, left.total - 1)];
    ((next && heat.action(next.seq, "forget")) ?? telling.input).focus();
    say(`Fact ${row.key} is forgotten. ${groups[0] ? spoken(groups[0].reading, rowName) : ""}`);
  }

  /** Delete the memory, if that is meant. */
  async remove() {
    const { name } = this.#inquiry;
    if (await deleted(name)) {
      this.#view.go({});
      say(`${name} is deleted`);
    }
  }

  /** Somebody else changed the memory. */
  async #noticed(info) {
    const inquiry = this.#inquiry;
    const { heat, parts, standing } = this.#on;
    const { revision } = inquiry.info;
    if (inquiry.past && info.revision > revision) {
      // Who looks at the past goes on looking at it; only the slider leads further now.
      inquiry.info = info;
      standing.ask();
      this.#view.picture.show({ live: true });
      return;
    }
    const what = await happened(inquiry.name, revision);
    const back = heat.held();
    try {
      await this.changed({ live: true });
    } catch (error) {
      parts.notes.append(problemNote(error));
      return;
    }
    back();
    if (what) parts.notes.prepend(note(what));
    const [asked] = inquiry.groups;
    say(`${what} ${asked ? spoken(asked.reading, rowName) : ""}`);
  }

  #connection(state, error) {
    const { live, notes } = this.#on.parts;
    live.className = `live ${state}`;
    live.textContent = { live: "live", lost: "not connected", gone: "gone" }[state];
    if (state === "gone") notes.prepend(problemNote(error));
  }
}
