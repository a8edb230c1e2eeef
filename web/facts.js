// The facts of a memory as of one revision, in the order told, fetched by pages from the newest on, as far as
// someone looks. What a revision held never changes, so pages that are fetched at different times fit together.

import * as api from "./api.js";

const PAGE = 500;

export class Facts {
  #cursor = null;
  #loading = null;

  /** `total` is how many facts there were at that `revision`. */
  constructor(name, total, revision) {
    this.name = name;
    this.total = total;
    this.revision = revision;
    /** By position, oldest first; a hole is a fact that has not been fetched. */
    this.items = new Array(total);
    this.fetched = 0;
    this.indexOf = new Map();
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

  async #page() {
    const page = await api.facts(this.name, {
      limit: PAGE,
      order: "desc",
      as_of_revision: this.revision,
      cursor: this.#cursor,
    });
    for (const fact of page.items) {
      const index = this.total - 1 - this.fetched;
      this.items[index] = fact;
      this.indexOf.set(fact.seq, index);
      this.fetched += 1;
    }
    this.#cursor = page.next_cursor;
    // A memory that was deleted and made anew has other facts under the same numbers.
    if (page.has_more !== this.fetched < this.total) throw new api.Problem(MADE_ANEW);
  }
}

const MADE_ANEW = {
  title: "The memory is another one now",
  detail: "it was deleted and made anew, or restored; reload the page",
  code: "made_anew",
};
