// What is asked of a memory and what was read for it: the state behind the page, without the page.

import * as api from "./api.js";
import { Facts } from "./facts.js";
import { readingOf } from "./reading.js";

/** A network that attends to every fact lists all of them up to FULL, and LISTED per hop beyond. */
const FULL = 1000;
const LISTED = 200;
/** Each head lists as many again, so that all of them are listed of fewer facts. */
const FULL_OF_HEADS = 100;

export class Inquiry {
  name;
  model;
  info = null;
  facts = null;
  question = "";
  /** What was read, `label` and `reading`: as remembered first, then what if. Empty until there is an answer. */
  groups = [];
  /** Numbers of facts that are struck out for the question. */
  struck;
  /** Facts that are added for it. */
  added;
  /** What is to be explained: null nothing, "" the answer, otherwise why it is not this one. */
  why;
  /** The hop whose heads are looked at; null for the hops themselves. */
  heads;
  #noted;

  /** `model` is what `/v1/version` says of the network; `noted` is called when what superseded the facts is known. */
  constructor(name, model, { without = [], added = [], why = null, heads = null }, noted) {
    Object.assign(this, { name, model, why });
    this.struck = new Set(without.filter((seq) => seq >= 1));
    this.added = added.map((text, index) => ({ key: `+${index + 1}`, text, added: true }));
    this.heads = heads !== null && heads >= 1 && heads <= model.hops && model.heads > 1 ? heads : null;
    this.#noted = noted;
  }

  /** Read the memory and its newest facts. Beside an answer, facts are waited for where it is read. */
  async reload({ beside = false } = {}) {
    this.info = await api.getMemory(this.name);
    this.facts = this.#factsAt(this.info.counts.facts, this.info.revision);
    const newest = this.facts.reach(this.facts.total - 1);
    if (beside) newest.catch(() => {});
    else await newest;
  }

  /** Whether an earlier revision than the last one is looked at. */
  get past() {
    return this.facts.revision < this.info.revision;
  }

  get supposes() {
    return this.struck.size + this.added.length > 0;
  }

  /** Read the answer and its facts, and keep both unless something newer was asked meanwhile: whether they were.
   *
   * `asOf` is a revision of the past, or null for the last one; `stale` says whether something newer was asked.
   */
  async read(question, asOf, stale) {
    // The last revision is asked for without its number, so that a later one is not taken for the past.
    const past = asOf !== null && asOf !== this.info.revision;
    const how = { ...this.#how(), ...(past ? { as_of: { revision: asOf } } : {}) };
    const answer = await this.#explained(question, how);
    const { revision, eligible } = answer.memory;
    const facts = this.facts.revision === revision ? this.facts : this.#factsAt(eligible, revision);
    await facts.reach(facts.total - 1);
    if (answer.evidence.length) await facts.reachSeq(Math.min(...answer.evidence.map((fact) => fact.seq)));
    if (stale()) return false;
    this.info.revision = Math.max(this.info.revision, revision);
    this.facts = facts;
    this.question = question;
    this.groups = [{ label: "As remembered", reading: readingOf(answer) }];
    await this.suppose(stale);
    return !stale();
  }

  /** Ask the same question of the same revision, without the struck facts and with the added ones. */
  async suppose(stale) {
    this.groups.length = 1;
    if (!this.supposes) return;
    const { revision, items, indexOf } = this.facts;
    if (this.struck.size) await this.facts.reachSeq(Math.min(...this.struck));
    // What was struck out later in the story than the revision that is looked at is not there to be hidden.
    const hide = [...this.struck]
      .filter((seq) => indexOf.has(seq))
      .map((seq) => items[indexOf.get(seq)].fact_id);
    const { added } = this;
    const answer = await api.ask(this.name, this.question, {
      ...this.#how(),
      as_of: { revision },
      overlay: { hide, add: added.map(({ text }) => ({ text })) },
    });
    if (stale()) return;
    // Added facts are numbered behind those of the memory.
    const keys = new Map(answer.overlay?.added.map(({ seq }, index) => [seq, added[index].key]));
    this.groups.push({ label: "What if", reading: readingOf(answer, (seq) => keys.get(seq) ?? seq) });
  }

  /** Whether the heads that are looked at were read with the answer. */
  get headsRead() {
    return this.groups.every(({ reading }) => reading.hops.every((hop) => hop.heads.length > 0));
  }

  #factsAt(total, revision) {
    return new Facts(this.name, total, revision, this.model.gates ? this.#noted : null);
  }

  /** Ask, and let the answer be explained where that is wanted. */
  async #explained(question, how) {
    if (this.why === null) return api.ask(this.name, question, how);
    try {
      const explain = this.why ? { why_not: this.why } : {};
      return await api.ask(this.name, question, { ...how, explain });
    } catch (error) {
      // What was the other answer may be the answer by now; then there is nothing left to explain.
      if (!error.errors?.some(({ pointer }) => pointer?.startsWith("#/explain"))) throw error;
      this.why = null;
      return api.ask(this.name, question, how);
    }
  }

  #how() {
    const most = this.heads === null ? FULL : FULL_OF_HEADS;
    const all = this.model.memory_size !== null || this.facts.total <= most;
    return {
      top_answers: 5,
      ...(all ? { attention: "full" } : { attention: "top", attention_limit: LISTED }),
      ...(this.heads === null ? {} : { heads: true }),
    };
  }
}
