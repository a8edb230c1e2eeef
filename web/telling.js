// Telling a memory facts: a sentence per line, in as many requests as the service wants them in.

import * as api from "./api.js";
import { h, say } from "./dom.js";
import { note, problemNote } from "./notes.js";
import { list } from "./numbers.js";

/** Facts told in one request, until the service asks for fewer. */
const PER_REQUEST = 500;
/** Strange words that are named. */
const NAMED = 8;

export class Telling {
  #name;
  #told;
  #place = h("div", { class: "problem-place" });
  #send = h("button", { type: "submit", class: "plain" }, "Remember");
  /** Words that the network has never seen, by fact number. */
  unknown = new Map();
  /** Whether facts are on their way. */
  busy = false;
  input = h("textarea", {
    id: "tell",
    rows: 4,
    spellcheck: "true",
    placeholder: "Mary got the football there.\nMary went back to the garden.",
    "aria-describedby": "tell-hint",
  });

  /** `told` is called, and waited for, once facts have been stored. */
  constructor(name, told) {
    this.#name = name;
    this.#told = told;
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.element.requestSubmit();
    });
    this.element = h(
      "form",
      { class: "tell", on: { submit: (event) => this.#submit(event) } },
      h("label", { for: "tell" }, "Tell it facts"),
      this.input,
      h(
        "p",
        { class: "row between" },
        h("span", { class: "fine", id: "tell-hint" }, "One per line, in the order they happened"),
        this.#send,
      ),
      this.#place,
    );
  }

  async #submit(event) {
    event.preventDefault();
    const lines = this.input.value
      .split(/\r?\n/)
      .map((text) => text.trim())
      .filter(Boolean);
    this.#place.replaceChildren();
    this.input.removeAttribute("aria-invalid");
    if (!lines.length) {
      this.#place.replaceChildren(note("Write a sentence first."));
      this.input.focus();
      return;
    }
    this.#send.disabled = this.busy = true;
    const facts = [];
    let problem = null;
    try {
      await this.#tell(lines, facts);
    } catch (error) {
      problem = problemNote(error, (where) => {
        const index = /^#\/facts\/(\d+)/.exec(where)?.[1];
        return index === undefined ? null : `line ${Number(index) + 1}`;
      });
    } finally {
      this.#send.disabled = this.busy = false;
    }
    // All of a request is stored or nothing is: what is left is what was not stored.
    this.input.value = lines.slice(facts.length).join("\n");
    if (facts.length) await this.#told();
    this.#place.replaceChildren();
    if (facts.length) {
      const said = remembered(facts);
      this.#place.append(note(said));
      say(said);
    }
    if (problem) {
      this.#place.append(problem);
      this.input.setAttribute("aria-invalid", "true");
    }
    this.input.focus();
  }

  async #tell(lines, facts) {
    for (let size = PER_REQUEST; facts.length < lines.length;) {
      try {
        const told = await api.remember(this.#name, lines.slice(facts.length, facts.length + size));
        for (const { seq, unknown_words: words } of told.facts)
          if (words.length) this.unknown.set(seq, new Set(words));
        facts.push(...told.facts);
        if (facts.length < lines.length)
          this.#place.replaceChildren(note(`${facts.length} of ${lines.length} facts are remembered…`));
      } catch (error) {
        const limit = error.code === "too_many_facts" ? error.errors[0]?.limit : null;
        if (!limit || limit >= size) throw error;
        size = limit;
      }
    }
  }
}

function remembered(facts) {
  let told =
    facts.length === 1
      ? `Fact ${facts[0].seq} is remembered.`
      : `Facts ${facts[0].seq} to ${facts.at(-1).seq} are remembered.`;
  const strange = [...new Set(facts.flatMap((fact) => fact.unknown_words))];
  const read = new Map(facts.flatMap((fact) => fact.read_as).map(({ word, taught }) => [word, taught]));
  if (read.size) told += ` It reads ${list([...read].slice(0, NAMED).map(([word, taught]) => `“${word}” as “${taught}”`))}.`;
  if (!strange.length) return told;
  const named = list(strange.slice(0, NAMED).map((word) => `“${word}”`));
  return `${told} The network has never seen ${named}${strange.length > NAMED ? " and others" : ""}.`;
}
