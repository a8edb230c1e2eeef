// The picture as a document of its own: SVG, in the colours of the page.

import { FAINT } from "./cells.js";
import { s } from "./dom.js";
import { curve } from "./links.js";
import { percent, weight } from "./numbers.js";
import { NULL, OTHER, columnsOf, flows, isEvident, path } from "./reading.js";

const SANS = "Inter, system-ui, sans-serif";
const SERIF = "'Source Serif 4', Georgia, serif";
const LINE = 34;
const CHIP = 58;
const GAP = 46;

/** The picture as a document of its own. */
export function asSvg(saved) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svgOf(saved))}\n`;
}

/** The picture, in the colours of the page: the hops, or the heads of the one that is looked at. */
export function svgOf({ memory, rows, groups: given, gold, heads = null }) {
  const groups = given.map((group) => ({ ...group, columns: columnsOf(group.reading, heads) }));
  const gap = groups.some(({ columns }) => columns[0]?.name[0] === "mean") ? GAP / 4 : GAP;
  const paint = palette();
  const textWidth = Math.min(
    520,
    Math.max(220, ...rows.map((row) => measure(marked(row, gold), `400 15px ${SERIF}`) + 20)),
  );
  const left = 28;
  const start = left + 34 + textWidth;
  const hopsWidth = groups.map(({ columns }) => Math.max(1, columns.length) * (CHIP + gap));
  const width = Math.max(
    560,
    start + hopsWidth.reduce((a, b) => a + b, 0) + (groups.length - 1) * 24 + left - gap + 30,
  );
  const headHeight = 118 + (groups.length > 1 ? 22 : 0);
  const lines = [
    ...rows.map((row) => ({ key: row.key, label: row.added ? "+" : String(row.key), row })),
    { key: NULL, label: "", name: "null slot" },
    { key: OTHER, label: "", name: "not listed" },
  ];
  const height = headHeight + lines.length * LINE + 64;
  const y = (index) => headHeight + (index + 0.5) * LINE;
  const at = new Map(lines.map(({ key }, index) => [key, y(index)]));
  const svg = s("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
  });
  const text = (content, attributes) =>
    s("text", { "font-family": SANS, "font-size": 12, fill: paint.ink, ...attributes }, content);

  const [asked] = groups;
  svg.append(
    s("title", {}, `${asked.reading.answer.question} ${asked.reading.answer.answer ?? "no answer"}`),
    s("desc", {}, path(asked.reading)),
    s("rect", { width, height, fill: paint.paper }),
    text(asked.reading.answer.question, { x: left, y: 38, fill: paint.muted, "font-size": 14 }),
    text(groups.map(({ reading }) => reading.answer.answer ?? "no answer").join("  →  "), {
      x: left,
      y: 74,
      "font-family": SERIF,
      "font-size": 32,
      "font-weight": 600,
    }),
  );
  lines.forEach(({ label, row, name }, index) => {
    const base = y(index) + 5;
    if (index)
      svg.append(
        s("line", {
          x1: left,
          x2: width - left,
          y1: y(index) - LINE / 2,
          y2: y(index) - LINE / 2,
          stroke: paint.line,
        }),
      );
    svg.append(text(label, { x: left + 14, y: base, "text-anchor": "end", fill: paint.muted }));
    if (!row) {
      svg.append(text(name, { x: left + 34, y: base, fill: paint.muted, "font-style": "italic" }));
      return;
    }
    if (groups.some(({ reading }) => isEvident(reading, row.key)))
      svg.append(s("circle", { cx: left + 24, cy: y(index), r: 3.5, fill: paint.mark }));
    svg.append(
      text(fitted(marked(row, gold), textWidth - 14), {
        x: left + 34,
        y: base,
        "font-family": SERIF,
        "font-size": 15,
        fill: row.writes?.retired ? paint.muted : paint.ink,
        "text-decoration": row.struck ? "line-through" : "none",
      }),
    );
  });
  let x = start;
  groups.forEach(({ label, reading, columns }, g) => {
    const column = (k) => x + k * (CHIP + gap);
    if (groups.length > 1)
      svg.append(text(label, { x, y: headHeight - 34, fill: paint.muted, "font-weight": 600 }));
    for (const flow of columns[0]?.name[0] === "hop" ? flows(reading) : []) {
      svg.append(
        s("path", {
          d: curve(column(flow.gap) + CHIP, at.get(flow.from), column(flow.gap + 1), at.get(flow.to)),
          fill: "none",
          stroke: paint.heat,
          "stroke-opacity": 0.25 + 0.6 * flow.share,
          "stroke-width": Math.max(1.2, flow.share * 7).toFixed(2),
        }),
      );
    }
    columns.forEach(({ name, weights, top }, k) => {
      svg.append(
        text(name.filter((part) => part !== null).join(" "), {
          x: column(k) + CHIP / 2,
          y: headHeight - 10,
          "text-anchor": "middle",
          fill: paint.muted,
        }),
      );
      for (const { key } of lines) {
        const p = weights.get(key);
        if (p === undefined) continue;
        const { ground, ink } =
          p < FAINT && top !== key ? { ground: "none", ink: paint.muted } : paint.chip(p);
        svg.append(
          s("rect", {
            x: column(k),
            y: at.get(key) - 12,
            width: CHIP,
            height: 24,
            rx: 5,
            fill: ground,
            stroke: top === key ? paint.ink : "none",
            "stroke-width": 1.6,
          }),
          text(weight(p), {
            x: column(k) + CHIP / 2,
            y: at.get(key) + 4.5,
            "text-anchor": "middle",
            fill: ink,
          }),
        );
      }
    });
    x += hopsWidth[g] + 24;
  });
  const { answer } = asked.reading;
  svg.append(
    text(
      `memory ${memory}, revision ${answer.memory.revision} · ${answer.model.model_id} ${answer.model.sha256.slice(0, 12)} · probability ${percent(answer.confidence.probability)} · memnet`,
      { x: left, y: height - 24, fill: paint.muted, "font-size": 11 },
    ),
  );
  return svg;
}

/** A fact with what is to be known of it. */
function marked(row, gold) {
  return [row.text, gold.has(row.key) ? "★" : null, row.writes?.retired ? "(retired)" : null]
    .filter(Boolean)
    .join(" ");
}

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function measure(text, font) {
  canvas.font = font;
  return canvas.measureText(text).width;
}

function fitted(text, width) {
  if (measure(text, `400 15px ${SERIF}`) <= width) return text;
  let end = text.length;
  while (end > 1 && measure(`${text.slice(0, end)}…`, `400 15px ${SERIF}`) > width) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** The colours of the page as plain hexadecimal ones, which every reader of SVG knows. */
function palette() {
  const probe = document.createElement("data");
  probe.className = "chip probe";
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const hex = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return `#${[...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
  const named = (name) => {
    probe.style.setProperty("border-top-color", `var(--${name})`);
    return hex(style.borderTopColor);
  };
  const paint = Object.fromEntries(
    ["paper", "ink", "muted", "line", "heat", "mark"].map((name) => [name, named(name)]),
  );
  const chips = new Map();
  paint.chip = (p) => {
    const step = Math.round(p * 100) / 100;
    if (!chips.has(step)) {
      document.body.append(probe);
      probe.style.setProperty("--p", step);
      chips.set(step, { ground: hex(style.backgroundColor), ink: hex(style.color) });
      probe.remove();
    }
    return chips.get(step);
  };
  probe.remove();
  return paint;
}
