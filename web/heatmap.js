// The heat map: facts as rows in the order told, hops as columns, and the flow from hop to hop drawn over it.
//
// It is a real table, so that a screen reader can walk it. Beyond WINDOWED rows only those in sight exist; the
// rows above and below are two spacers, and `aria-rowindex` says where each row stands.

import { button, h, icon, read, s } from "./dom.js";
import { weight } from "./numbers.js";
import { NULL, OTHER, flows, isEvident } from "./reading.js";
import { pieces, telling } from "./words.js";

const WINDOWED = 150;
const ROW_HEIGHT = 40;
const OVERSCAN = 12;
/** What is shown as 0.000 gets no ground of its own. */
export const FAINT = 0.0005;

export class HeatMap {
  #scroller;
  #table;
  #svg;
  #body;
  #model = null;
  #drawn = new Map();
  #frame = 0;

  constructor() {
    this.#svg = s("svg", { class: "flows", "aria-hidden": "true" });
    this.#table = h("table", { class: "heat" });
    this.#scroller = h(
      "div",
      { class: "scroller", on: { scroll: () => this.#soon() } },
      h("div", { class: "sheet" }, this.#table, this.#svg),
    );
    this.element = this.#scroller;
    new ResizeObserver(() => this.#model && this.#draw()).observe(this.#table);
    for (const event of ["pointerover", "focusin"])
      this.#table.addEventListener(event, (at) => this.#point(at.target));
    for (const event of ["pointerleave", "focusout"])
      this.#table.addEventListener(event, () => this.#point(null));
  }

  /** Show rows and the readings of them.
   *
   * `model`: `rows` (`length`, `at`, `indexOf`, `fetch`), `groups` (`label`, `reading`) or none, `question`,
   * `caption`, `unknown` (words by fact number), `gold` (numbers of bAbI's supporting facts), `actions` (`strike`, `forget`, `remove`) or none, `fresh` to
   * draw the flow in.
   */
  show(model) {
    this.#model = { ...model, shared: telling(model.question ?? ""), windowed: model.rows.length > WINDOWED };
    const { groups, windowed, rows } = this.#model;
    this.#drawn.clear();
    this.#body = h("tbody");
    this.#table.replaceChildren(
      h("caption", { class: groups.length && model.actions ? "" : "only-read" }, model.caption),
      this.#head(),
      this.#body,
      ...(groups.length ? [this.#foot()] : []),
    );
    this.#table.classList.toggle("compared", groups.length > 1);
    this.#table.classList.toggle("windowed", windowed);
    this.#table.classList.toggle("fresh", Boolean(model.fresh));
    if (windowed)
      this.#table.setAttribute("aria-rowcount", this.#headRows() + rows.length + (groups.length ? 3 : 0));
    else this.#table.removeAttribute("aria-rowcount");
    this.#scroller.classList.toggle("windowed", windowed);
    this.#rows();
    this.#draw();
    this.#reachable();
  }

  /** Bring a row into sight, if rows are windowed. */
  reveal(key) {
    const index = this.#model.rows.indexOf(key);
    if (!this.#model.windowed || index < 0) return;
    this.#scroller.scrollTop = Math.max(0, index * ROW_HEIGHT - this.#scroller.clientHeight / 2);
    this.#rows();
  }

  /** The button of a row, to put the focus back where it was. */
  action(key, name) {
    return this.#drawn.get(this.#model.rows.indexOf(key))?.querySelector(`[data-action="${name}"]`) ?? null;
  }

  /** Remember which button of a row has the focus; the function that is returned gives it back. */
  held() {
    const action = document.activeElement?.closest?.("[data-action]");
    const row = action?.closest("tr[data-key]");
    if (!row || !this.#table.contains(row)) return () => {};
    const { key } = row.dataset;
    return () =>
      [...this.#table.rows]
        .find((each) => each.dataset.key === key)
        ?.querySelector(`[data-action="${action.dataset.action}"]`)
        ?.focus();
  }

  #headRows() {
    return this.#model.groups.length > 1 ? 2 : 1;
  }

  #columns() {
    return this.#model.groups.reduce(
      (columns, { reading }) => columns + Math.max(1, reading.hops.length),
      this.#model.actions ? 3 : 2,
    );
  }

  #head() {
    const { groups } = this.#model;
    const tall = groups.length > 1 ? { rowspan: 2 } : {};
    const hops = () =>
      groups.map(({ reading }, g) =>
        reading.hops.map(({ hop }, k) =>
          h(
            "th",
            { scope: "col", class: `hop${g && !k ? " begins" : ""}` },
            h("span", {}, "hop ", h("b", {}, String(hop))),
          ),
        ),
      );
    const first = h(
      "tr",
      {},
      h("th", { scope: "col", class: "seq", ...tall }, h("abbr", { title: "number in the memory" }, "no.")),
      h("th", { scope: "col", class: "fact", ...tall }, "fact, in the order told"),
      groups.length > 1
        ? groups.map(({ label, reading }, g) =>
            h(
              "th",
              {
                scope: "colgroup",
                colspan: Math.max(1, reading.hops.length),
                class: `group${g ? " begins" : ""}`,
              },
              label,
            ),
          )
        : hops(),
      this.#model.actions && h("th", { scope: "col", class: "acts", ...tall }, read("actions")),
    );
    if (groups.length < 2) return h("thead", {}, first);
    return h(
      "thead",
      {},
      first,
      h(
        "tr",
        {},
        hops().map((cells) => (cells.length ? cells : h("td", { class: "hop" }))),
      ),
    );
  }

  #foot() {
    const { groups } = this.#model;
    const line = (kind, name, about, value, shown) =>
      h(
        "tr",
        { class: kind, "data-key": kind },
        h("td", { class: "seq" }),
        h("th", { scope: "row", class: "fact" }, name, about ? h("small", {}, about) : null),
        groups.map(({ reading }, g) =>
          reading.hops.length
            ? reading.hops.map((hop, k) =>
                h(
                  "td",
                  { class: `hop${g && !k ? " begins" : ""}`, "data-hop": `${g}/${k}` },
                  shown(value(hop), hop),
                ),
              )
            : h("td", { class: "hop begins" }, nothing("no reading")),
        ),
        this.#model.actions && h("td", { class: "acts" }),
      );
    const total = (value) => h("data", { class: "total", value }, weight(value));
    return h(
      "tfoot",
      {},
      line(
        NULL,
        "null slot",
        "nothing here is relevant",
        (hop) => hop.weights.get(NULL),
        (p, hop) => chip(p, hop.top === NULL),
      ),
      line(
        OTHER,
        "not listed",
        "facts the answer leaves out",
        (hop) => hop.weights.get(OTHER),
        (p) => chip(p, false),
      ),
      line("sum", "sum", null, (hop) => hop.sum, total),
    );
  }

  #row(index) {
    const { rows, groups, shared, unknown, gold, actions, windowed } = this.#model;
    const row = rows.at(index);
    const place = windowed ? { "aria-rowindex": this.#headRows() + index + 1 } : {};
    if (!row) return h("tr", { class: "absent", ...place }, h("td", { colspan: this.#columns() }, "…"));
    const evident = groups.some(({ reading }) => isEvident(reading, row.key));
    const text = pieces(row.text).map(([piece, word]) => {
      if (word && shared.has(word)) return h("mark", {}, piece);
      if (word && unknown.get(row.key)?.has(word))
        return h("u", { title: "the network has never seen this word" }, piece);
      return piece;
    });
    const name = row.added ? "the added fact" : `fact ${row.key}`;
    const supporting = gold?.has(row.key);
    return h(
      "tr",
      {
        class: [evident && "evident", row.struck && "struck", row.added && "added"].filter(Boolean).join(" "),
        "data-key": row.key,
        ...place,
      },
      h("td", { class: "seq" }, row.added ? "+" : String(row.key)),
      h(
        "th",
        { scope: "row", class: "fact" },
        h(
          "span",
          { class: "words", title: windowed ? row.text : null },
          evident ? read("evidence: ") : null,
          supporting ? read("supporting: ") : null,
          row.struck ? read("struck out: ") : null,
          row.added ? read("only for this question: ") : null,
          row.struck ? h("del", {}, text) : text,
          supporting ? star() : null,
        ),
      ),
      groups.map(({ reading }, g) => {
        if (!reading.hops.length) return h("td", { class: "hop begins" }, nothing("no reading"));
        return reading.hops.map((hop, k) => {
          const p = hop.weights.get(row.key);
          return h(
            "td",
            { class: `hop${g && !k ? " begins" : ""}`, "data-hop": `${g}/${k}`, style: { "--hop": k } },
            p === undefined
              ? nothing(row.struck && g ? "struck out" : row.added && !g ? "not in the memory" : "not listed")
              : chip(p, hop.top === row.key),
          );
        });
      }),
      actions &&
        h(
          "td",
          { class: "acts" },
          row.added
            ? button(icon("remove"), () => actions.remove(row), {
                class: "act",
                "data-action": "remove",
                "aria-label": `Take ${name} back`,
                title: "Take back",
              })
            : [
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
              ],
        ),
    );
  }

  #range() {
    const { rows, windowed } = this.#model;
    if (!windowed) return [0, rows.length];
    const first = Math.floor(this.#scroller.scrollTop / ROW_HEIGHT) - OVERSCAN;
    const last =
      Math.ceil((this.#scroller.scrollTop + (this.#scroller.clientHeight || 700)) / ROW_HEIGHT) + OVERSCAN;
    return [Math.max(0, first), Math.min(rows.length, last)];
  }

  #rows() {
    const { rows, windowed } = this.#model;
    const [first, last] = this.#range();
    for (const [index, row] of this.#drawn) {
      if (index >= first && index < last && !row.classList.contains("absent")) continue;
      row.remove();
      this.#drawn.delete(index);
    }
    if (windowed && !this.#body.firstChild)
      this.#body.append(spacer(this.#columns()), spacer(this.#columns()));
    let next = windowed ? this.#body.lastChild : null;
    for (let index = last - 1; index >= first; index -= 1) {
      let row = this.#drawn.get(index);
      if (!row) {
        row = this.#row(index);
        this.#body.insertBefore(row, next);
        this.#drawn.set(index, row);
      }
      next = row;
    }
    if (!windowed) return;
    this.#body.firstChild.firstChild.style.height = `${first * ROW_HEIGHT}px`;
    this.#body.lastChild.firstChild.style.height = `${(rows.length - last) * ROW_HEIGHT}px`;
    if (rows.at(first) === undefined || rows.at(last - 1) === undefined) {
      const model = this.#model;
      rows.fetch(first).then(
        () => model === this.#model && this.#rows(),
        () => {},
      );
    }
  }

  #soon() {
    if (!this.#model?.windowed || this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#rows();
    });
  }

  /** A region that scrolls must be reachable without a pointer. */
  #reachable() {
    const box = this.#scroller;
    const scrolls = box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;
    for (const [name, value] of [
      ["tabindex", "0"],
      ["role", "region"],
      ["aria-label", "Facts and attention"],
    ]) {
      if (scrolls) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  }

  /** Draw the links over the table, from the middle of the rows they join. */
  #draw() {
    const { groups, rows, windowed } = this.#model;
    this.#svg.replaceChildren();
    this.#reachable();
    if (!groups.length) return;
    this.#svg.setAttribute("width", this.#table.offsetWidth);
    this.#svg.setAttribute("height", this.#table.offsetHeight);
    const rightToLeft = getComputedStyle(this.#table).direction === "rtl";
    const origin = this.#table.getBoundingClientRect();
    // The foot is there however far the rows are scrolled; where it is not shown, there are few rows.
    const foot = this.#table.tFoot;
    const line = foot.offsetHeight ? foot.rows[0] : this.#body.rows[0];
    if (!line) return;
    const chips = [...line.querySelectorAll("td[data-hop]")].map((cell) => {
      const box = cell.firstChild.getBoundingClientRect();
      return [cell.dataset.hop, [box.left - origin.left, box.right - origin.left]];
    });
    const x = new Map(chips);
    const middle = (key) => {
      if (windowed) {
        if (key === NULL) return null;
        const index = rows.indexOf(key);
        return index < 0
          ? null
          : this.#table.tHead.offsetHeight + this.#table.caption.offsetHeight + (index + 0.5) * ROW_HEIGHT;
      }
      const row = [...this.#table.rows].find((each) => each.dataset.key === String(key));
      if (!row) return null;
      const box = row.getBoundingClientRect();
      return box.top - origin.top + box.height / 2;
    };
    groups.forEach(({ reading }, g) => {
      for (const flow of flows(reading)) {
        const [y1, y2] = [middle(flow.from), middle(flow.to)];
        const [left, right] = [x.get(`${g}/${flow.gap}`), x.get(`${g}/${flow.gap + 1}`)];
        if (y1 === null || y2 === null || !left || !right) continue;
        const [x1, x2] = rightToLeft ? [left[0], right[1]] : [left[1], right[0]];
        this.#svg.append(
          s("path", {
            d: curve(x1, y1, x2, y2),
            pathLength: 1,
            "stroke-width": Math.max(1.2, flow.share * 7),
            "data-from": flow.from,
            "data-to": flow.to,
            style: { "--gap": flow.gap, "--share": flow.share },
          }),
        );
      }
    });
    this.#svg.classList.toggle("fresh", Boolean(this.#model.fresh));
  }

  /** Make the links of one row stand out. */
  #point(target) {
    const key = target?.closest?.("tr[data-key]")?.dataset.key;
    let any = false;
    for (const link of this.#svg.children) {
      const on = key !== undefined && (link.dataset.from === key || link.dataset.to === key);
      link.classList.toggle("on", on);
      any ||= on;
    }
    this.#svg.classList.toggle("pointed", any);
  }
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

function spacer(columns) {
  return h("tr", { class: "spacer", "aria-hidden": "true" }, h("td", { colspan: columns }));
}

/** A calm curve between two points. */
export function curve(x1, y1, x2, y2) {
  const bend = (x2 - x1) * 0.5;
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}C${(x1 + bend).toFixed(1)} ${y1.toFixed(1)} ${(x2 - bend).toFixed(1)} ${y2.toFixed(1)} ${x2.toFixed(1)} ${y2.toFixed(1)}`;
}
