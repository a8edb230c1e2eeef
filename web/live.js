// Whether somebody else changed the memory: asked every two seconds while the page is looked at.

import * as api from "./api.js";
import { list } from "./numbers.js";

const EVERY_MS = 2000;
const WHEN_LOST_MS = 8000;
/** Changes that are told one by one. */
const TOLD = 50;

export class Live {
  #name;
  #parts;
  #timer = 0;
  #lost = false;

  /** `known` is the last revision that the page knows; `changed` is called with the memory when it has a later
   * one, `busy` says that the page is about to know better, `state` is told "live", "lost" or "gone". */
  constructor(name, { known, changed, busy, state, current }) {
    this.#name = name;
    this.#parts = { known, changed, busy, state, current };
    this.#next(EVERY_MS);
  }

  #next(after) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), after);
  }

  async #look() {
    const { known, changed, busy, state, current } = this.#parts;
    if (!current()) return;
    // A page in the background asks nothing; it is up to date soon after it is looked at again.
    if (document.visibilityState === "hidden" || busy()) return this.#next(EVERY_MS / 2);
    try {
      const revision = await this.#revision(known());
      if (!current()) return;
      if (this.#lost) state("live");
      this.#lost = false;
      if (revision !== known() && !busy()) await changed(await api.getMemory(this.#name));
      this.#next(EVERY_MS);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      if (!current()) return;
      if (error.status === 404) return state("gone", error);
      this.#lost = true;
      state("lost", error);
      this.#next(WHEN_LOST_MS);
    }
  }

  /** The memory's last revision. The end of the log says it at less cost than the memory with all its counts. */
  async #revision(known) {
    try {
      return (await api.changes(this.#name, { after_revision: known, limit: 1 })).revision;
    } catch (error) {
      if (!(error instanceof api.Problem) || error.status !== 410) throw error;
      return (await api.getMemory(this.#name)).revision;
    }
  }
}

/** What became of a memory behind a revision, in a sentence; empty when the log does not say. */
export async function happened(name, revision) {
  let changes;
  try {
    changes = (await api.changes(name, { after_revision: revision, limit: TOLD })).items;
  } catch (error) {
    if (error instanceof api.Problem) return "";
    throw error;
  }
  const of = (op) =>
    changes.filter((each) => each.op === op).flatMap((each) => each.facts.map(({ seq }) => seq));
  const facts = (seqs) =>
    seqs.length > 4
      ? `${seqs.length.toLocaleString("en")} facts`
      : `fact${seqs.length === 1 ? "" : "s"} ${list(seqs)}`;
  const [told, forgot] = [of("add"), of("forget")];
  const parts = [
    told.length ? `told ${facts(told)}` : null,
    forgot.length ? `forgot ${facts(forgot)}` : null,
    changes.some(({ op }) => op === "erase") ? "erased facts" : null,
    changes.some(({ op }) => op === "model") ? "let another network read it" : null,
  ].filter(Boolean);
  return parts.length ? `Somebody ${list(parts)}.` : "";
}
