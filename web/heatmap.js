// The heat map: facts as rows in the order told, hops or heads as columns, and lines drawn over it.
//
// It is a real table, so that a screen reader can walk it. Beyond WINDOWED rows only those in sight exist; the
// rows above and below are two spacers, and `aria-rowindex` says where each row stands.

import { columnCount, footOf, headOf, headRows, rowOf, spacer } from "./cells.js";
import { h } from "./dom.js";
import { ALL_LINKED, Links } from "./links.js";
import { NULL } from "./reading.js";
import { telling } from "./words.js";

const WINDOWED = 150;
const ROW_HEIGHT = 40;
const OVERSCAN = 12;
/** How long a row that was jumped to stands out. */
const FOUND_MS = 1600;

export class HeatMap {
  #table = h("table", { class: "heat" });
  #links = new Links(this.#table);
  #sheet = h("div", { class: "sheet" }, this.#table, this.#links.element);
  #scroller = h("div", { class: "scroller", on: { scroll: () => this.#soon() } }, this.#sheet);
  #body;
  #model = null;
  #drawn = new Map();
  #frame = 0;

  constructor() {
    this.element = this.#scroller;
    new ResizeObserver(() => this.#model && this.#draw()).observe(this.#table);
  }

  /** Show rows and the readings of them.
   *
   * `model`: `rows` (`length`, `at`, `indexOf`, `fetch`), `groups` (`label`, `reading`, `columns`) or none,
   * `question`, `caption`, `unknown` (words by fact number), `gold` (numbers of bAbI's supporting facts), `actions`
   * (`strike`, `forget`, `remove`) or none, `fresh` to draw the flow in.
   */
  show(model) {
    this.#model = { ...model, shared: telling(model.question ?? ""), windowed: model.rows.length > WINDOWED };
    const { groups, windowed, rows } = this.#model;
    this.#drawn.clear();
    this.#body = h("tbody");
    this.#table.replaceChildren(
      h("caption", { class: groups.length && model.actions ? "" : "only-read" }, model.caption),
      headOf(this.#model),
      this.#body,
      ...(groups.length ? [footOf(this.#model)] : []),
    );
    this.#table.classList.toggle("compared", groups.length > 1);
    this.#table.classList.toggle("heads", groups[0]?.columns[0]?.name[0] === "mean");
    this.#table.classList.toggle("windowed", windowed);
    this.#table.classList.toggle("many", rows.length > ALL_LINKED);
    this.#table.classList.toggle("fresh", Boolean(model.fresh));
    const lines = headRows(this.#model) + rows.length + (groups.length ? 3 : 0);
    if (windowed) this.#table.setAttribute("aria-rowcount", lines);
    else this.#table.removeAttribute("aria-rowcount");
    this.#scroller.classList.toggle("windowed", windowed);
    this.#rows();
    this.#draw();
  }

  /** Draw the rows anew, because more is known of them; everything stays where it is. */
  refresh() {
    if (!this.#model) return;
    const back = this.held();
    for (const row of this.#drawn.values()) row.remove();
    this.#drawn.clear();
    this.#table.classList.remove("fresh");
    this.#model.fresh = false;
    this.#rows();
    this.#draw();
    back();
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
      this.#line(key)?.querySelector(`[data-action="${action.dataset.action}"]`)?.focus({ preventScroll: true });
  }

  /** Go to a fact that is named in another one's row, and let it stand out for a while. */
  async #jump(key) {
    const { rows, windowed } = this.#model;
    if (windowed) {
      this.reveal(key);
      await rows.fetch(rows.indexOf(key));
      this.#rows();
    }
    const line = this.#line(key);
    if (!line) return;
    line.tabIndex = -1;
    line.focus({ preventScroll: windowed });
    if (!windowed) line.scrollIntoView({ block: "nearest" });
    line.classList.add("found");
    setTimeout(() => line.classList.remove("found"), FOUND_MS);
  }

  #line(key) {
    return [...this.#table.rows].find((each) => each.dataset.key === String(key)) ?? null;
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
    if (windowed && !this.#body.firstChild) {
      const columns = columnCount(this.#model);
      this.#body.append(spacer(columns), spacer(columns));
    }
    let next = windowed ? this.#body.lastChild : null;
    for (let index = last - 1; index >= first; index -= 1) {
      let row = this.#drawn.get(index);
      if (!row) {
        row = rowOf(this.#model, index, (key) => this.#jump(key));
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

  #draw() {
    const { rows, windowed } = this.#model;
    const linked = [...this.#drawn.keys()].some((index) => rows.at(index)?.writes?.superseded_by.length);
    this.#sheet.classList.toggle("linked", linked);
    this.#reachable();
    const origin = this.#table.getBoundingClientRect();
    const above = this.#table.tHead.offsetHeight + this.#table.caption.offsetHeight;
    this.#links.draw(this.#model, (key) => {
      if (windowed) {
        const index = key === NULL ? -1 : rows.indexOf(key);
        return index < 0 ? null : above + (index + 0.5) * ROW_HEIGHT;
      }
      const box = this.#line(key)?.getBoundingClientRect();
      return box ? box.top - origin.top + box.height / 2 : null;
    });
  }
}
