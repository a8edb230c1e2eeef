// An answer of the API as what a picture is drawn from. Pure: no page, no network.

import { list, weight } from "./numbers.js";

/** The row where attention goes that found nothing relevant. */
export const NULL = "null";
/** The row of what went to facts that the answer does not list. */
export const OTHER = "other";

/** From this weight on, at any hop, a fact counts as evidence in the picture. */
export const EVIDENT = 0.1;

/** The attention of an answer, by row.
 *
 * `keyOf` says which row of the table a fact number of the answer belongs to: the number itself for a memory;
 * for facts that came with the question, the row they were taken from.
 */
export function readingOf(answer, keyOf = (seq) => seq) {
  const column = (read) => {
    const weights = new Map(read.attention.map((fact) => [keyOf(fact.seq), fact.weight]));
    weights.set(NULL, read.null_mass);
    weights.set(OTHER, read.other_mass);
    const sum = [...weights.values()].reduce((total, each) => total + each, 0);
    const first = read.attention[0];
    const top = first && first.weight >= read.null_mass ? keyOf(first.seq) : NULL;
    return { weights, sum, top };
  };
  const hops = answer.hops.map((hop) => ({
    ...column(hop),
    hop: hop.hop,
    heads: (hop.heads ?? []).map((head) => ({ ...column(head), head: head.head })),
  }));
  const evidence = new Map(answer.evidence.map((fact) => [keyOf(fact.seq), fact]));
  return { answer, hops, evidence };
}

/** The columns of a reading: its hops, or with the number of a hop the mean of its heads and each of them. */
export function columnsOf(reading, heads = null) {
  const hop = reading.hops[heads - 1];
  if (!hop?.heads.length) return reading.hops.map((each) => ({ ...each, name: ["hop", each.hop] }));
  return [
    { ...hop, name: ["mean", null] },
    ...hop.heads.map((each) => ({ ...each, name: ["head", each.head] })),
  ];
}

/** Whether a row is evidence for the answer. */
export function isEvident(reading, key) {
  return reading.hops.some((hop) => (hop.weights.get(key) ?? 0) >= EVIDENT);
}

/** The strongest links between the facts of consecutive hops.
 *
 * A hop reads a mixture, and the next hop starts from what was read; the share of a pair is the product of the
 * two weights, each as a part of what its hop found. The null slot holds nothing that could be handed on.
 */
export function flows(reading, { least = 0.02, most = 6 } = {}) {
  const all = [];
  for (let k = 0; k + 1 < reading.hops.length; k += 1) {
    const pairs = [];
    for (const [from, p] of found(reading.hops[k], least)) {
      for (const [to, q] of found(reading.hops[k + 1], least)) {
        if (p * q >= least) pairs.push({ gap: k, from, to, share: p * q });
      }
    }
    pairs.sort((a, b) => b.share - a.share);
    all.push(...pairs.slice(0, most));
  }
  return all;
}

/** The facts that a hop found, each with its part of them all. */
function found({ weights }, least) {
  return [...weights]
    .filter(([key, p]) => key !== OTHER && key !== NULL && p >= least)
    .map(([key, p]) => [key, p / (1 - weights.get(NULL))]);
}

/** The reading as a sentence: which rows each hop read. */
export function path(reading, nameOf = (key) => (key === NULL ? "the null slot" : `fact ${key}`)) {
  const parts = reading.hops.map((hop) => {
    const read = [...hop.weights]
      .filter(([key, p]) => key !== OTHER && p >= EVIDENT)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3)
      .map(([key, p]) => `${nameOf(key)} (${weight(p)})`);
    return `hop ${hop.hop} read ${read.length ? list(read) : "a little of everything"}`;
  });
  const sentence = parts.join("; ");
  return sentence && `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
}

/** Why there is no answer, in words. */
export function reason(answer) {
  switch (answer.reason) {
    case "no_eligible_facts":
      return "There is no fact to answer from.";
    case "unknown_words":
      return `Not understood, or spoken of by no fact: ${answer.unknown_words.join(", ")}.`;
    case "no_relevant_facts":
      return "No fact is about this.";
    case "undecided":
      return "The facts do not decide this.";
    case "low_confidence":
      return "There is an answer, but too little speaks for it.";
    default:
      return `The memory abstains: ${answer.reason}.`;
  }
}

/** The same reading with only these rows listed; what the others received is counted as not listed. */
export function narrowed(reading, keys) {
  const listed = new Set([...keys, NULL, OTHER]);
  const few = (column) => {
    const weights = new Map([...column.weights].filter(([key]) => listed.has(key)));
    const rest = [...column.weights].filter(([key]) => !listed.has(key));
    weights.set(
      OTHER,
      column.weights.get(OTHER) + rest.reduce((total, [, p]) => total + p, 0),
    );
    return { ...column, weights };
  };
  return { ...reading, hops: reading.hops.map((hop) => ({ ...few(hop), heads: hop.heads.map(few) })) };
}
