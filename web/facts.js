// The facts of a memory as of one revision, in the order told, fetched by pages from the newest on, as far as
// someone looks. What a revision held never changes, so pages that are fetched at different times fit together.

import * as api from "./api.js";

const PAGE = 500;
/** Of so few facts, what superseded them comes with them; of more, it follows when there is something to see. */
const FEW = 150;

export class Facts {
  #cursor = null;
  #loading = null;
  #noted;
  /** Cursors of pages whose writes are still to be fetched. */
  #unnoted = [];
  #noting = false;

  /** `total` is how many facts there were at that `revision`. `noted` is called whenever what superseded some of
   * them is known; null for a network whose facts supersede nothing. */
  constructor(name, total, revision, noted = null) {
    this.name = name;
    this.total = total;
    this.revision = revision;
    this.#noted = noted;
    /** By position, oldest first; a hole is a fact that has not been fetched. */
    this.items = new Array(total);
    this.fetched = 0;
    this.indexOf = new Map();
    /** What facts superseded and are superseded by, by number, as far as that is known. */
    this.writes = new Map();
  }

  /** Fetch until the fact at this position is here. */
  async reach(index) {
    while (this.fetched < this.total && this.total - this.fetched > index) {
      this.#loading ??= this.#page().finally(() => (this.#loading = null));
      await this.#loading;
    }
  }

  /** Fetch until the fact with this number is here. */
  async reachSeq(seq) {
    while (this.fetched < this.total && (this.items[this.total - this.fetched]?.seq ?? Infinity) > seq) {
      await this.reach(this.total - this.fetched - 1);
    }
  }

  /** Fetch what superseded the facts that are here. Nobody waits for it: a picture is drawn without. */
  async note() {
    if (!this.#noted || this.#noting) return;
    this.#noting = true;
    try {
      for (let cursor; (cursor = this.#unnoted.shift()) !== undefined;) {
        const page = await this.#fetch(cursor, { writes: true });
        for (const fact of page.items) this.writes.set(fact.seq, fact.writes);
        this.#noted(this);
      }
    } catch (error) {
      // Erased since, or the memory is gone: whatever is asked next says so.
      if (!(error instanceof api.Problem)) throw error;
    } finally {
      this.#noting = false;
    }
  }

  async #page() {
    const writes = this.#noted !== null && this.total <= FEW;
    const page = await this.#fetch(this.#cursor, writes ? { writes } : {});
    for (const fact of page.items) {
      if (writes) this.writes.set(fact.seq, fact.writes);
      const index = this.total - 1 - this.fetched;
      this.items[index] = fact;
      this.indexOf.set(fact.seq, index);
      this.fetched += 1;
    }
    if (!writes) this.#unnoted.push(this.#cursor);
    this.#cursor = page.next_cursor;
    // A memory that was deleted and made anew has other facts under the same numbers.
    if (page.has_more !== this.fetched < this.total) throw new api.Problem(MADE_ANEW);
  }

  #fetch(cursor, more = {}) {
    const { revision } = this;
    return api.facts(this.name, { limit: PAGE, order: "desc", as_of_revision: revision, cursor, ...more });
  }
}

const MADE_ANEW = {
  title: "The memory is another one now",
  detail: "it was deleted and made anew, or restored; reload the page",
  code: "made_anew",
};
