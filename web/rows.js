// The rows of the heat map: the facts of a memory, fetched as they are looked at, then those added for a question.

import * as api from "./api.js";
import { isEvident, narrowed } from "./reading.js";

export class Rows {
  #inquiry;
  #failed;

  /** `failed` is called with a problem that kept rows from being fetched. */
  constructor(inquiry, failed) {
    this.#inquiry = inquiry;
    this.#failed = failed;
  }

  at(index) {
    const { facts, added, struck } = this.#inquiry;
    if (index >= facts.total) return added[index - facts.total];
    const fact = facts.items[index];
    return (
      fact && { key: fact.seq, text: fact.text, struck: struck.has(fact.seq), writes: facts.writes.get(fact.seq) }
    );
  }

  /** Every row. */
  all() {
    const { facts, added } = this.#inquiry;
    return {
      length: facts.total + added.length,
      at: (index) => this.at(index),
      indexOf: (key) =>
        facts.indexOf.get(key) ??
        (typeof key === "string" ? facts.total + added.findIndex((row) => row.key === key) : -1),
      fetch: async (index) => {
        try {
          await facts.reach(index);
        } catch (error) {
          // Erased since, or the memory is gone: what is on the page is no longer so.
          if (!(error instanceof api.Problem)) throw error;
          this.#failed(error);
        }
        facts.note();
      },
    };
  }

  /** The rows that are here and that `keep` keeps, with those that were struck out or added, as a list. */
  here(keep) {
    const { facts, added } = this.#inquiry;
    const rows = [];
    for (let index = facts.total - facts.fetched; index < facts.total + added.length; index += 1) {
      const row = this.at(index);
      if (row.added || row.struck || keep(row)) rows.push(row);
    }
    return rows;
  }

  /** Those that were read for an answer. */
  evident() {
    return this.here((row) => this.#inquiry.groups.some(({ reading }) => isEvident(reading, row.key)));
  }

  /** What a file holds: the rows that the answers list, and those that were struck out or added.
   *
   * Of more than `most`, and if `evidenceOnly` is wanted, it is the evidence alone.
   */
  saved({ most = Infinity, evidenceOnly }) {
    const { groups } = this.#inquiry;
    let rows = this.here((row) => groups.some(({ reading }) => reading.evidence.has(row.key)));
    if (rows.length > most || evidenceOnly) rows = this.evident();
    const keys = rows.map((row) => row.key);
    return { rows, groups: groups.map((group) => ({ ...group, reading: narrowed(group.reading, keys) })) };
  }
}

/** A list as the heat map wants its rows. */
export function listed(rows) {
  return {
    length: rows.length,
    at: (index) => rows[index],
    indexOf: (key) => rows.findIndex((row) => row.key === key),
    fetch: async () => {},
  };
}
