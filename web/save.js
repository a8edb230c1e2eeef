// Files made in the browser: the picture as SVG, the numbers as JSON and CSV.

import { s } from "./dom.js";
import { FAINT, curve } from "./heatmap.js";
import { percent, weight } from "./numbers.js";
import { NULL, OTHER, flows, isEvident, path } from "./reading.js";

/** Hand a file to the reader: text, or a blob that knows its own type. */
export function download(name, type, content) {
  const blob = content instanceof Blob ? content : new Blob([content], { type: `${type};charset=utf-8` });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A file name that says what is in the file. */
export function fileName(memory, question, ending) {
  const slug = question
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60);
  return `memnet-${memory}-${slug || "question"}.${ending}`;
}

/** Everything on the page, as the API answered it. */
export function asJson({ memory, rows, groups, gold, link }) {
  const [asked, whatIf] = groups.map(({ reading }) => reading.answer);
  const content = {
    memory_id: memory,
    link,
    question: asked.question,
    facts: rows.filter((row) => !row.added).map(({ key, text }) => ({ seq: key, text })),
    answer: asked,
    ...(gold.size ? { supporting_facts: [...gold] } : {}),
  };
  if (whatIf) {
    content.what_if = {
      without: rows.filter((row) => row.struck).map((row) => row.key),
      with: rows.filter((row) => row.added).map((row) => row.text),
      answer: whatIf,
    };
  }
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The table, one line per row, a column per hop; every column of weights sums to 1. */
export function asCsv({ rows, groups }) {
  const columns = groups.flatMap(({ reading }, g) =>
    reading.hops.map((hop) => [
      groups.length > 1 ? `${g ? "what_if" : "remembered"}_hop_${hop.hop}` : `hop_${hop.hop}`,
      hop,
    ]),
  );
  const line = (...cells) => `${cells.map(cell).join(",")}\r\n`;
  const weights = (key) => columns.map(([, hop]) => hop.weights.get(key) ?? "");
  return [
    line("row", "seq", "text", ...columns.map(([name]) => name)),
    ...rows.map((row) =>
      line(
        row.added ? "added" : row.struck ? "struck" : "fact",
        row.added ? "" : row.key,
        row.text,
        ...weights(row.key),
      ),
    ),
    line("null_slot", "", "", ...weights(NULL)),
    line("not_listed", "", "", ...weights(OTHER)),
  ].join("");
}

function cell(value) {
  if (typeof value === "number") return String(value);
  // A sentence that begins like a formula would be run by a spreadsheet.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const SANS = "Inter, system-ui, sans-serif";
const SERIF = "'Source Serif 4', Georgia, serif";
const LINE = 34;
const CHIP = 58;
const GAP = 46;

/** The picture as a document of its own. */
export function asSvg(saved) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svgOf(saved))}\n`;
}

/** The picture, in the colours of the page. */
export function svgOf({ memory, rows, groups, gold }) {
  const paint = palette();
  const textWidth = Math.min(
    520,
    Math.max(220, ...rows.map((row) => measure(`${row.text} ★`, `400 15px ${SERIF}`) + 20)),
  );
  const left = 28;
  const start = left + 34 + textWidth;
  const hopsWidth = groups.map(({ reading }) => Math.max(1, reading.hops.length) * (CHIP + GAP));
  const width = Math.max(
    560,
    start + hopsWidth.reduce((a, b) => a + b, 0) + (groups.length - 1) * 24 + left - GAP + 30,
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
      text(fitted(gold.has(row.key) ? `${row.text} ★` : row.text, textWidth - 14), {
        x: left + 34,
        y: base,
        "font-family": SERIF,
        "font-size": 15,
        "text-decoration": row.struck ? "line-through" : "none",
      }),
    );
  });
  let x = start;
  groups.forEach(({ label, reading }, g) => {
    const column = (k) => x + k * (CHIP + GAP);
    if (groups.length > 1)
      svg.append(text(label, { x, y: headHeight - 34, fill: paint.muted, "font-weight": 600 }));
    for (const flow of flows(reading)) {
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
    reading.hops.forEach((hop, k) => {
      svg.append(
        text(`hop ${hop.hop}`, {
          x: column(k) + CHIP / 2,
          y: headHeight - 10,
          "text-anchor": "middle",
          fill: paint.muted,
        }),
      );
      for (const { key } of lines) {
        const p = hop.weights.get(key);
        if (p === undefined) continue;
        const { ground, ink } =
          p < FAINT && hop.top !== key ? { ground: "none", ink: paint.muted } : paint.chip(p);
        svg.append(
          s("rect", {
            x: column(k),
            y: at.get(key) - 12,
            width: CHIP,
            height: 24,
            rx: 5,
            fill: ground,
            stroke: hop.top === key ? paint.ink : "none",
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
