// Why this answer, and why not another: what the answer would be without each of the facts, as the service found by
// asking again.

import { button, h, read } from "./dom.js";
import { count, list, percent, points } from "./numbers.js";

/** Facts shown in each list, the strongest first. */
const SHOWN = 6;

/** The panel for an explained answer. `suppose` is called with facts to strike out, `close` to put it away. */
export function whyPanel(answer, { suppose, close }) {
  const { explanation } = answer;
  const other = explanation.why_not;
  return h(
    "section",
    { class: "why-panel", "aria-labelledby": "why-title" },
    h(
      "div",
      { class: "row between" },
      h(
        "h3",
        { id: "why-title", tabindex: "-1" },
        other ? `Why not ${other.answer}?` : `Why ${explanation.answer}?`,
      ),
      button("Close", close, { class: "quiet" }),
    ),
    other ? whyNot(explanation, other, suppose) : why(explanation, suppose),
    h(
      "p",
      { class: "fine" },
      `Found by leaving facts out: the question was asked again ${count(explanation.questions_asked, "time")}.`,
      explanation.every_fact_tried ? "" : " Only the most attended facts were tried one by one.",
      explanation.exhausted ? " The search was cut short." : "",
    ),
  );
}

function why(explanation, suppose) {
  const needed = explanation.facts.filter((fact) => Math.abs(fact.change) >= 0.0005).slice(0, SHOWN);
  const most = Math.max(...needed.map((fact) => Math.abs(fact.change)), 0.001);
  return [
    h(
      "p",
      {},
      lost(explanation.removal, `no other answer than ${explanation.answer} was found by leaving facts out`),
      suppose(explanation.removal),
    ),
    needed.length
      ? h(
          "ol",
          { class: "speaking" },
          needed.map((fact) =>
            line(
              fact,
              fact.change / most,
              points(-fact.change),
              fact.answer_without === explanation.answer
                ? ""
                : `without it: ${fact.answer_without ?? "no answer"}`,
            ),
          ),
        )
      : h("p", { class: "fine" }, "No fact by itself changes its probability."),
  ];
}

function whyNot(explanation, other, suppose) {
  const [pro, con] = [other.speaking_for, other.speaking_against].map((facts) => facts.slice(0, SHOWN));
  const most = Math.max(...[...pro, ...con].map((fact) => Math.abs(fact.effect)), 0.001);
  const speaking = (title, facts, none) =>
    h(
      "div",
      {},
      h("h4", { class: "kicker" }, title),
      facts.length
        ? h(
            "ol",
            { class: "speaking" },
            facts.map((fact) =>
              line(
                fact,
                fact.effect / most,
                `${fact.effect < 0 ? "−" : "+"}${Math.abs(fact.effect).toFixed(1)}`,
                "",
              ),
            ),
          )
        : h("p", { class: "fine" }, none),
    );
  return [
    h(
      "p",
      {},
      `Its probability is ${percent(other.probability)}. `,
      lost(other.removal, "no facts were found without which it would be the answer"),
      suppose(other.removal),
    ),
    h(
      "div",
      { class: "sides" },
      speaking(`Speaks for ${other.answer}`, pro, "No fact does."),
      speaking(`Speaks for ${explanation.answer} instead`, con, "No fact does."),
    ),
    h(
      "p",
      { class: "fine" },
      `The numbers are log-odds of ${other.answer} against ${explanation.answer}: with the fact, less without it.`,
    ),
  ];
}

function lost(removal, none) {
  if (!removal) return `${none[0].toUpperCase()}${none.slice(1)}.`;
  const facts = removal.facts.map(({ seq }) => seq);
  return [
    `Without ${facts.length === 1 ? "fact" : "facts"} ${list(facts)} the answer is `,
    h("b", {}, removal.answer_without ?? "none"),
    removal.proven_smallest && facts.length > 1 ? ", and no fewer facts do. " : ". ",
  ];
}

function line(fact, share, amount, about) {
  return h(
    "li",
    { class: share < 0 ? "against" : "" },
    h("span", { class: "seq" }, read("fact "), String(fact.seq)),
    h("span", { class: "words" }, fact.text, about ? h("small", {}, about) : null),
    h("span", { class: "bar", "aria-hidden": "true" }, h("span", { style: { "--p": Math.abs(share) } })),
    h("data", { value: fact.effect ?? fact.change }, amount),
  );
}
