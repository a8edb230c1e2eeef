// The facts of a memory in the order told, fetched by pages from the newest on, as far as someone looks.

import * as api from "./api.js";

const PAGE = 500;

export class Facts {
  #cursor = null;
  #begun = false;
  #loading = null;

  constructor(name, total) {
    this.name = name;
    this.total = total;
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
    const page = await api.facts(this.name, { limit: PAGE, order: "desc", cursor: this.#cursor });
    if (!this.#begun) {
      this.#begun = true;
      this.revision = page.revision;
    } else if (page.revision !== this.revision) {
      throw new Changed();
    }
    for (const fact of page.items) {
      const index = this.total - 1 - this.fetched;
      if (index < 0) throw new Changed();
      this.items[index] = fact;
      this.indexOf.set(fact.seq, index);
      this.fetched += 1;
    }
    this.#cursor = page.next_cursor;
    if (page.has_more !== this.fetched < this.total) throw new Changed();
  }
}

/** The memory changed between two pages: what is on the page no longer fits together. */
export class Changed extends Error {}
