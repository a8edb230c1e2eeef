// What superseded a fact, beside it: who, how far, and what is left of it.

import { button, h, read } from "./dom.js";

/** Facts that are named beside the one they supersede: the ones that go furthest. */
const NAMED = 2;

/** What is left of a fact, in words. */
export function left({ retention }) {
  const share = Math.exp(retention);
  if (share < 0.001) return "< 0.1 %";
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Who superseded a fact, as links that `jump` to them; null where nobody did. */
export function supersededBy({ key, writes }, jump) {
  const by = writes?.superseded_by ?? [];
  if (!by.length) return null;
  const strongest = by.toSorted((a, b) => b.gate - a.gate || a.seq - b.seq).slice(0, NAMED);
  return h(
    "small",
    { class: "by", title: `All facts that superseded it together leave ${left(writes)} of it` },
    h("span", { class: "by-said" }, "superseded by "),
    strongest.map(({ seq, gate }, index) => [
      index ? " " : null,
      button([read("fact "), String(seq), " ", h("data", { value: gate }, gate.toFixed(2))], () => jump(seq), {
        class: "link",
        "data-action": `by-${seq}`,
      }),
    ]),
    h("span", { class: "by-left" }, ` ${left(writes)} left`, read(` of fact ${key}`)),
  );
}

/** The links between rows, each once: `from` the later fact, `to` the one that it superseded, `gate` how far. */
export function linksOf(rows) {
  const found = new Map();
  for (const { key, writes } of rows) {
    for (const { seq, gate } of writes?.superseded_by ?? []) found.set(`${seq}/${key}`, { from: seq, to: key, gate });
    for (const { seq, gate } of writes?.superseded ?? []) found.set(`${key}/${seq}`, { from: key, to: seq, gate });
  }
  return [...found.values()];
}
