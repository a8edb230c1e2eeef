// The lines over the heat map: what one hop read to what the next one read, and at the left which fact superseded
// which.

import { s } from "./dom.js";
import { NULL, flows } from "./reading.js";
import { linksOf } from "./superseding.js";

/** Up to so many rows, all that superseded others is drawn; beyond, what concerns the row that is pointed at. */
export const ALL_LINKED = 12;
/** Gates from this one on are drawn unasked. */
const FAR = 0.25;
/** How far a line between facts bends out, at most and if there is room. */
const BEND = 30;

export class Links {
  #svg = s("svg", { class: "flows", "aria-hidden": "true" });
  #table;
  #model = null;
  #middle;
  #pointed;

  /** `table` is what is drawn over. */
  constructor(table) {
    this.#table = table;
    this.element = this.#svg;
    for (const event of ["pointerover", "focusin"])
      table.addEventListener(event, (at) => this.#point(at.target));
    for (const event of ["pointerleave", "focusout"]) table.addEventListener(event, () => this.#point(null));
  }

  /** Draw what a model of the heat map says; `middle` gives the height of a row, null if it has none. */
  draw(model, middle) {
    this.#model = model;
    this.#middle = middle;
    this.#svg.replaceChildren();
    this.#svg.setAttribute("width", this.#table.offsetWidth);
    this.#svg.setAttribute("height", this.#table.offsetHeight);
    this.#svg.classList.toggle("fresh", Boolean(model.fresh));
    this.#flows();
    if (model.rows.length <= ALL_LINKED) this.#supersessions(this.#here(), FAR);
    if (this.#pointed !== undefined) this.#stand(this.#pointed);
  }

  /** From the middle of the rows that two hops read. */
  #flows() {
    const { groups } = this.#model;
    // The foot is there however far the rows are scrolled; where it is not shown, there are few rows.
    const foot = this.#table.tFoot;
    const line = foot?.offsetHeight ? foot.rows[0] : this.#table.tBodies[0]?.rows[0];
    if (!line || !groups.length) return;
    const rightToLeft = getComputedStyle(this.#table).direction === "rtl";
    const origin = this.#table.getBoundingClientRect();
    const x = new Map(
      [...line.querySelectorAll("td[data-hop]")].map((cell) => {
        const box = cell.firstChild.getBoundingClientRect();
        return [cell.dataset.hop, [box.left - origin.left, box.right - origin.left]];
      }),
    );
    groups.forEach(({ reading, columns }, g) => {
      // Heads read side by side: none hands anything on to the next.
      if (columns[0]?.name[0] !== "hop") return;
      for (const flow of flows(reading)) {
        const [y1, y2] = [this.#middle(flow.from), this.#middle(flow.to)];
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
  }

  #here() {
    const { rows } = this.#model;
    return Array.from({ length: rows.length }, (_, index) => rows.at(index)).filter(Boolean);
  }

  /** At the left, from a fact to those it superseded, which the dot marks. */
  #supersessions(rows, least, kind = "") {
    const room = Math.min(BEND, this.#table.offsetLeft + 4);
    for (const { from, to, gate } of linksOf(rows)) {
      const [y1, y2] = [this.#middle(from), this.#middle(to)];
      if (gate < least || y1 === null || y2 === null) continue;
      const bend = -Math.min(room, 8 + Math.abs(y2 - y1) * 0.16);
      const data = { "data-from": from, "data-to": to, style: { "--gate": gate } };
      this.#svg.append(
        s("path", {
          class: `supersedes ${kind}`,
          d: `M4 ${y1.toFixed(1)}C${bend.toFixed(1)} ${y1.toFixed(1)} ${bend.toFixed(1)} ${y2.toFixed(1)} 4 ${y2.toFixed(1)}`,
          "stroke-width": 0.8 + gate * 1.6,
          ...data,
        }),
        s("circle", { class: `supersedes ${kind}`, cx: 4, cy: y2, r: 2.6, ...data }),
      );
    }
  }

  #point(target) {
    const key = target?.closest?.("tr[data-key]")?.dataset.key;
    if (key !== this.#pointed && this.#model) this.#stand(key);
  }

  /** Make the lines of one row stand out. */
  #stand(key) {
    this.#pointed = key;
    for (const line of this.#svg.querySelectorAll(".asked-for")) line.remove();
    const { rows } = this.#model;
    if (rows.length > ALL_LINKED && key !== undefined && key !== NULL) {
      const row = rows.at(rows.indexOf(Number(key)));
      if (row) this.#supersessions([row], 0, "asked-for");
    }
    let any = false;
    for (const line of this.#svg.children) {
      const on = key !== undefined && (line.dataset.from === key || line.dataset.to === key);
      line.classList.toggle("on", on);
      any ||= on;
    }
    this.#svg.classList.toggle("pointed", any);
  }
}

/** A calm curve between two points. */
export function curve(x1, y1, x2, y2) {
  const bend = (x2 - x1) * 0.5;
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}C${(x1 + bend).toFixed(1)} ${y1.toFixed(1)} ${(x2 - bend).toFixed(1)} ${y2.toFixed(1)} ${x2.toFixed(1)} ${y2.toFixed(1)}`;
}
