// The lines of the heat map's table: its head, a fact, the foot; each with a cell per column of each group.

import { button, h, icon, read } from "./dom.js";
import { weight } from "./numbers.js";
import { NULL, OTHER, isEvident } from "./reading.js";
import { left, supersededBy } from "./superseding.js";
import { pieces } from "./words.js";

/** What is shown as 0.000 gets no ground of its own. */
export const FAINT = 0.0005;

/** How many columns the table has. */
export function columnCount({ groups, actions }) {
  return groups.reduce((all, { columns }) => all + Math.max(1, columns.length), actions ? 3 : 2);
}

/** How many lines its head has. */
export function headRows({ groups }) {
  return groups.length > 1 ? 2 : 1;
}

export function headOf(model) {
  const { groups, actions } = model;
  const tall = groups.length > 1 ? { rowspan: 2 } : {};
  const names = () =>
    groups.map(({ columns }, g) =>
      columns.map(({ name: [kind, number] }, k) =>
        h(
          "th",
          { scope: "col", class: `hop${g && !k ? " begins" : ""}` },
          h("span", {}, kind, number === null ? null : [" ", h("b", {}, String(number))]),
        ),
      ),
    );
  const first = h(
    "tr",
    {},
    h("th", { scope: "col", class: "seq", ...tall }, h("abbr", { title: "number in the memory" }, "no.")),
    h("th", { scope: "col", class: "fact", ...tall }, "fact, in the order told"),
    groups.length > 1
      ? groups.map(({ label, columns }, g) =>
          h(
            "th",
            {
              scope: "colgroup",
              colspan: Math.max(1, columns.length),
              class: `group${g ? " begins" : ""}`,
            },
            label,
          ),
        )
      : names(),
    actions && h("th", { scope: "col", class: "acts", ...tall }, read("actions")),
  );
  if (groups.length < 2) return h("thead", {}, first);
  return h(
    "thead",
    {},
    first,
    h(
      "tr",
      {},
      names().map((cells) => (cells.length ? cells : h("td", { class: "hop" }))),
    ),
  );
}

export function footOf({ groups, actions }) {
  const line = (kind, name, about, value, shown) =>
    h(
      "tr",
      { class: kind, "data-key": kind },
      h("td", { class: "seq" }),
      h("th", { scope: "row", class: "fact" }, name, about ? h("small", {}, about) : null),
      groups.map(({ columns }, g) =>
        columns.length
          ? columns.map((column, k) => cell(g, k, shown(value(column), column)))
          : h("td", { class: "hop begins" }, nothing("no reading")),
      ),
      actions && h("td", { class: "acts" }),
    );
  const total = (value) => h("data", { class: "total", value }, weight(value));
  return h(
    "tfoot",
    {},
    line(
      NULL,
      "null slot",
      "nothing here is relevant",
      (column) => column.weights.get(NULL),
      (p, column) => chip(p, column.top === NULL),
    ),
    line(
      OTHER,
      "not listed",
      "facts the answer leaves out",
      (column) => column.weights.get(OTHER),
      (p) => chip(p, false),
    ),
    line("sum", "sum", null, (column) => column.sum, total),
  );
}

/** The line of a fact; `jump` leads to another one. */
export function rowOf(model, index, jump) {
  const { rows, groups, windowed } = model;
  const row = rows.at(index);
  const place = windowed ? { "aria-rowindex": headRows(model) + index + 1 } : {};
  if (!row) return h("tr", { class: "absent", ...place }, h("td", { colspan: columnCount(model) }, "…"));
  const evident = groups.some(({ reading }) => isEvident(reading, row.key));
  const retired = Boolean(row.writes?.retired);
  return h(
    "tr",
    {
      class: [
        evident && "evident",
        row.struck && "struck",
        row.added && "added",
        retired && "retired",
      ]
        .filter(Boolean)
        .join(" "),
      "data-key": row.key,
      ...place,
    },
    h("td", { class: "seq" }, row.added ? "+" : String(row.key)),
    h(
      "th",
      { scope: "row", class: "fact" },
      h("span", { class: "line" }, sentence(model, row, { evident, retired }), supersededBy(row, jump)),
    ),
    groups.map(({ columns }, g) => {
      if (!columns.length) return h("td", { class: "hop begins" }, nothing("no reading"));
      return columns.map((column, k) => {
        const p = column.weights.get(row.key);
        const absent =
          row.struck && g ? "struck out" : row.added && !g ? "not in the memory" : retired ? "retired" : "not listed";
        return cell(g, k, p === undefined ? nothing(absent) : chip(p, column.top === row.key));
      });
    }),
    model.actions && h("td", { class: "acts" }, actionsOf(model.actions, row)),
  );
}

function sentence({ shared, unknown, gold, windowed }, row, { evident, retired }) {
  const supporting = gold?.has(row.key);
  const text = pieces(row.text).map(([piece, word]) => {
    if (word && shared.has(word)) return h("mark", {}, piece);
    if (word && unknown.get(row.key)?.has(word))
      return h("u", { title: "the network has never seen this word" }, piece);
    return piece;
  });
  return h(
    "span",
    { class: "words", title: windowed ? row.text : null },
    evident ? read("evidence: ") : null,
    supporting ? read("supporting: ") : null,
    row.struck ? read("struck out: ") : null,
    row.added ? read("only for this question: ") : null,
    row.struck ? h("del", {}, text) : text,
    supporting ? star() : null,
    retired
      ? h("span", { class: "tag", title: `${left(row.writes)} of it is left: it gets no attention` }, "retired")
      : null,
  );
}

function actionsOf(actions, row) {
  const name = row.added ? "the added fact" : `fact ${row.key}`;
  if (row.added)
    return button(icon("remove"), () => actions.remove(row), {
      class: "act",
      "data-action": "remove",
      "aria-label": `Take ${name} back`,
      title: "Take back",
    });
  return [
    actions.strike &&
      button(icon(row.struck ? "keep" : "strike"), () => actions.strike(row), {
        class: "act",
        "data-action": "strike",
        "aria-pressed": row.struck ? "true" : "false",
        "aria-label": `What if without ${name}`,
        title: row.struck
          ? "Put it back"
          : "What if this were not known? Strike it out for this question only",
      }),
    actions.forget &&
      button(icon("forget"), () => actions.forget(row), {
        class: "act danger",
        "data-action": "forget",
        "aria-label": `Forget ${name}`,
        title: "Forget: no answer uses it from now on",
      }),
  ];
}

/** The cell of a column; it is named, so that lines find it. */
function cell(g, k, content) {
  const attributes = { class: `hop${g && !k ? " begins" : ""}`, "data-hop": `${g}/${k}` };
  return h("td", { ...attributes, style: { "--hop": k } }, content);
}

/** One weight: the number, on a ground that deepens with it. */
function chip(p, top) {
  return h(
    "data",
    {
      class: `chip${top ? " top" : p < FAINT ? " faint" : ""}`,
      value: p,
      title: String(p),
      style: { "--p": p },
    },
    weight(p),
    top ? read(", most attended") : null,
  );
}

/** What bAbI counts as a supporting fact. */
function star() {
  return h(
    "span",
    { class: "star", title: "bAbI counts this fact as supporting", "aria-hidden": "true" },
    "★",
  );
}

function nothing(why) {
  return h("span", { class: "nothing" }, h("span", { "aria-hidden": "true" }, "–"), read(why));
}

/** What stands for rows that are out of sight. */
export function spacer(columns) {
  return h("tr", { class: "spacer", "aria-hidden": "true" }, h("td", { colspan: columns }));
}
