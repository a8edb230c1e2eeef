// How to read the picture, folded away until someone wants to know.

import { h } from "./dom.js";

export function legend() {
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
        " joins what one hop read to what the next one read. Its width is the product of the two weights.",
      ),
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
