// How to read the picture, folded away until someone wants to know.

import { h } from "./dom.js";

/** `model` is what `/v1/version` says of the network: what it has not needs no word. */
export function legend(model) {
  return h(
    "details",
    { class: "legend" },
    h(
      "summary",
      {},
      h(
        "span",
        { class: "ramp", "aria-hidden": "true" },
        [0, 0.25, 0.5, 0.75, 1].map((p) => h("i", { class: "chip", style: { "--p": p } })),
      ),
      "How to read this",
    ),
    h(
      "ul",
      {},
      h(
        "li",
        {},
        h("b", {}, "A number"),
        " is the share of a hop’s attention that the fact received: the softmax that was used, not one computed afterwards. The darker the ground, the more; the outlined one is the most of its hop. Each column, with the null slot and what is not listed, sums to 1.",
      ),
      h(
        "li",
        {},
        h("b", {}, "A line"),
        " joins what one hop read to what the next one read. Its width is the product of the two weights, each as a part of what its hop found.",
      ),
      model.heads > 1
        ? h(
            "li",
            {},
            h("b", {}, "A hop"),
            ` is the mean of ${model.heads} heads, each with a question of its own; most of them find nothing and say so (null slot). “Heads of hop” shows them one by one.`,
          )
        : null,
      model.gates
        ? h(
            "li",
            {},
            h("b", {}, "An amber line at the left"),
            " leads from a fact to an earlier one that it supersedes, which the dot marks. The number beside a fact is the gate: 0 not at all, 1 wholly. What all of them leave is taken off the scores of its heads, and a fact that is ",
            h("b", {}, "retired"),
            " gets no attention any more.",
          )
        : null,
      h(
        "li",
        {},
        h("b", {}, "●"),
        " marks evidence: a fact with at least a tenth of the attention at some hop.",
      ),
      h(
        "li",
        {},
        h("b", {}, "★"),
        " marks what bAbI counts as a supporting fact, where a story of bAbI asks. The network was never shown those.",
      ),
      h(
        "li",
        {},
        h("mark", {}, "A marked word"),
        " is in the question too. ",
        h("u", {}, "A dotted one"),
        " the network has never seen.",
      ),
    ),
  );
}
