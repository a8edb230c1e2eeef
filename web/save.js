// Files made in the browser: the numbers as JSON and CSV.

import { NULL, OTHER } from "./reading.js";

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
    facts: rows.filter((row) => !row.added).map(({ key, text, writes }) => ({ seq: key, text, ...(writes ? { writes } : {}) })),
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

/** The table, one line per row, a column per hop, then one per head where heads were looked at; every column of
 * weights sums to 1. Last what later facts left of each, as a logarithm, where that is known. */
export function asCsv({ rows, groups }) {
  const columns = groups.flatMap(({ reading }, g) => {
    const group = groups.length > 1 ? `${g ? "what_if" : "remembered"}_` : "";
    return [
      ...reading.hops.map((hop) => [`${group}hop_${hop.hop}`, hop]),
      ...reading.hops.flatMap(({ hop, heads }) =>
        heads.map((head) => [`${group}hop_${hop}_head_${head.head}`, head]),
      ),
    ];
  });
  const left = rows.some((row) => row.writes);
  const line = (...cells) => `${cells.map(cell).join(",")}\r\n`;
  const weights = (key) => columns.map(([, column]) => column.weights.get(key) ?? "");
  return [
    line("row", "seq", "text", ...columns.map(([name]) => name), ...(left ? ["retention"] : [])),
    ...rows.map((row) =>
      line(
        row.added ? "added" : row.struck ? "struck" : "fact",
        row.added ? "" : row.key,
        row.text,
        ...weights(row.key),
        ...(left ? [row.writes?.retention ?? ""] : []),
      ),
    ),
    line("null_slot", "", "", ...weights(NULL), ...(left ? [""] : [])),
    line("not_listed", "", "", ...weights(OTHER), ...(left ? [""] : [])),
  ].join("");
}

function cell(value) {
  if (typeof value === "number") return String(value);
  // A sentence that begins like a formula would be run by a spreadsheet.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
