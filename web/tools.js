// The row between answer and picture: less to see, a question that stands, a link, files.

import { button, h, say } from "./dom.js";
import { asSvg, svgOf } from "./drawing.js";
import { asPng } from "./png.js";
import { asCsv, asJson, download, fileName } from "./save.js";

/** Most rows of a saved picture; beyond them only the evidence is drawn. */
const DRAWN = 60;

/** The tools for an answer.
 *
 * `saved` gives what a file holds, with at most so many rows; `narrow` is called with whether only the evidence
 * is wanted, `stand` to let the question stand or let go of it, and says which. `heads`, for a network that has several: `of`
 * which hop they are looked at, null for the hops themselves, and `look` to look at others.
 */
export function toolbar({ memory, question, hops, heads, evidenceOnly, standing, narrow, stand, saved }) {
  const save = (kind, type, make) =>
    button(kind, async () => download(fileName(memory, question, kind.toLowerCase()), type, await make()), {
      class: "quiet",
      "aria-label": `Save as ${kind}`,
    });
  const box = h("input", { type: "checkbox", id: "evidence-only", checked: evidenceOnly });
  box.addEventListener("change", () => {
    narrow(box.checked);
    document.getElementById("evidence-only").focus();
  });
  return [
    hops && heads ? columns(hops, heads) : "",
    hops ? h("label", { class: "check" }, box, "Evidence only") : "",
    h("span", { class: "push" }),
    button("Let it stand", ({ currentTarget: it }) => it.setAttribute("aria-pressed", String(stand())), {
      class: "quiet",
      "aria-pressed": String(standing),
      title: "Ask it again whenever the memory changes",
    }),
    button("Copy link", (event) => copyLink(event.currentTarget), { class: "quiet" }),
    h(
      "span",
      { class: "row tight", role: "group", "aria-label": "Save" },
      h("span", { class: "fine", "aria-hidden": "true" }, "Save"),
      save("SVG", "image/svg+xml", () => asSvg(saved(DRAWN))),
      save("PNG", "image/png", () => asPng(svgOf(saved(DRAWN)))),
      save("JSON", "application/json", () => asJson(saved())),
      save("CSV", "text/csv", () => asCsv(saved())),
    ),
  ];
}

/** Which columns: the hops, or the heads of one of them. */
function columns(hops, { of, look }) {
  const choice = (hop, label, name) =>
    button(label, () => look(hop), {
      class: "part",
      "data-heads": hop ?? "",
      "aria-pressed": String(hop === of),
      "aria-label": name,
    });
  return h(
    "span",
    { class: "parts", role: "group", "aria-label": "Columns" },
    choice(null, "Hops", "The hops"),
    h("span", { class: "fine", "aria-hidden": "true" }, "heads of"),
    Array.from({ length: hops }, (_, k) => choice(k + 1, String(k + 1), `The heads of hop ${k + 1}`)),
  );
}

async function copyLink(pressed) {
  try {
    await navigator.clipboard.writeText(location.href);
    pressed.textContent = "Copied";
    say("The link is copied");
  } catch {
    // Without the permission, or over plain HTTP: the address bar has the same link.
    pressed.textContent = "Copy it from the address bar";
    say("The link is in the address bar");
  }
  setTimeout(() => (pressed.textContent = "Copy link"), 2500);
}
