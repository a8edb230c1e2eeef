// What if: facts struck out or added for one question, and the answer beside the one as remembered.

import { difference } from "./answer.js";
import { say } from "./dom.js";
import { problemNote } from "./notes.js";

export class Supposing {
  #inquiry;
  #parts;
  #view;

  /** `parts` has the form's `suppose`, the box of the `question` and the place of `notes`; `view` says `turn()`, a
   * new turn as a function that tells whether it is stale, shows (`show`) and puts into the address (`address`)
   * what is there, and finds a row's button (`action`). */
  constructor(inquiry, parts, view) {
    this.#inquiry = inquiry;
    this.#parts = parts;
    this.#view = view;
  }

  /** Ask anew with what is supposed now. */
  async again() {
    const { address, show } = this.#view;
    const stale = this.#view.turn();
    try {
      await this.#inquiry.suppose(stale);
    } catch (error) {
      if (stale()) return;
      show();
      this.#parts.notes.append(problemNote(error, addedFact));
      return;
    }
    if (stale()) return;
    address(false);
    show({ fresh: true });
    const [asked, whatIf] = this.#inquiry.groups;
    say(whatIf ? difference(asked.reading.answer, whatIf.reading.answer) : "Nothing is supposed any more.");
  }

  /** Strike a fact out, or put it back. */
  async strike(row) {
    const { struck } = this.#inquiry;
    if (!struck.delete(row.key)) struck.add(row.key);
    await this.again();
    this.#view.action(row.key, "strike")?.focus();
  }

  /** Strike out what an explanation found. */
  async without(removal) {
    this.#inquiry.struck = new Set(removal.facts.map(({ seq }) => seq));
    await this.again();
  }

  /** Add the sentence in the form. */
  async add(event) {
    event.preventDefault();
    const { suppose, notes } = this.#parts;
    const { added, groups } = this.#inquiry;
    const text = suppose.value.trim();
    if (!text) return;
    const number = 1 + Math.max(0, ...added.map(({ key }) => Number(key.slice(1))));
    added.push({ key: `+${number}`, text, added: true });
    suppose.value = "";
    await this.again();
    // What cannot be asked with is not kept: the sentence goes back to where it can be corrected.
    if (!groups[1]) {
      added.pop();
      suppose.value = text;
      const refusal = notes.querySelector(".problem");
      await this.again();
      if (refusal) notes.append(refusal);
    }
    suppose.focus();
  }

  /** Take an added fact back. */
  async takeBack(row) {
    this.#inquiry.added = this.#inquiry.added.filter(({ key }) => key !== row.key);
    await this.again();
    this.#parts.suppose.focus();
  }

  /** Suppose nothing any more. */
  async clear() {
    this.#inquiry.struck.clear();
    this.#inquiry.added = [];
    await this.again();
    this.#parts.question.focus();
  }
}

function addedFact(where) {
  return /^#\/overlay\/add\/\d+/.test(where) ? "a fact of the what-if" : null;
}
