// The address decides what is shown: a memory, and perhaps a question, the memory; `view=tasks` the bAbI tasks;
// anything else the first page.

import * as api from "./api.js";
import { h } from "./dom.js";
import { home } from "./home.js";
import { MemoryView } from "./memory.js";
import { problemNote } from "./notes.js";
import { tasks } from "./tasks.js";

const main = document.getElementById("main");
let shown = 0;
let served = null;

window.addEventListener("popstate", () => show());
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey)
    return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname || url.hash) return;
  event.preventDefault();
  history.pushState(null, "", url);
  show();
});
show({ first: true });

/** What the address says. */
function place() {
  const query = new URLSearchParams(location.search);
  const numbers = (text) =>
    (text ?? "")
      .split(",")
      .filter((part) => /^\d{1,15}$/.test(part))
      .map(Number);
  return {
    view: query.get("view"),
    memory: query.get("memory") || null,
    question: query.get("question") ?? "",
    revision: numbers(query.get("revision"))[0] ?? null,
    without: numbers(query.get("without")),
    added: query.getAll("with"),
    standing: query.getAll("standing"),
    why: query.get("why"),
    heads: numbers(query.get("heads"))[0] ?? null,
  };
}

/** Change the address, and what is shown unless it is shown already. */
function go(
  {
    memory = null,
    question = "",
    revision = null,
    without = [],
    added = [],
    standing = [],
    why = null,
    heads = null,
  },
  { push = true, show: showIt = true } = {},
) {
  const query = new URLSearchParams();
  if (memory) query.set("memory", memory);
  if (question) query.set("question", question);
  if (revision !== null) query.set("revision", revision);
  if (without.length) query.set("without", without.join(","));
  for (const text of added) query.append("with", text);
  for (const each of standing) query.append("standing", each);
  if (why !== null) query.set("why", why);
  if (question && heads !== null) query.set("heads", heads);
  const search = query.toString();
  history[push ? "pushState" : "replaceState"](null, "", `${location.pathname}${search && `?${search}`}`);
  if (showIt) show();
}

async function show({ first = false } = {}) {
  const turn = ++shown;
  const to = place();
  document.title = "memnet: attention inspector";
  try {
    served ??= await api.version();
  } catch (error) {
    main.replaceChildren(
      h(
        "div",
        { class: "lost" },
        problemNote(error),
        h("p", {}, h("a", { href: location.href }, "Try again")),
      ),
    );
    return;
  }
  if (turn !== shown) return;
  foot(served);
  if (to.memory === null && to.view === "tasks") await tasks(main, served.model, go);
  else if (to.memory === null) await home(main, go);
  else await new MemoryView(main, { model: served.model, go, current: () => turn === shown }).open(to);
  if (
    !first &&
    turn === shown &&
    (document.activeElement === document.body || document.activeElement === null)
  )
    main.focus();
}

function foot({ version, model }) {
  const reads =
    model.memory_size === null ? "attends to every fact" : `attends to the newest ${model.memory_size} facts`;
  document
    .getElementById("foot")
    .replaceChildren(
      h(
        "p",
        {},
        h("b", {}, model.model_id),
        ` · ${model.family}, ${model.hops} hops of ${model.dim} dimensions, ${reads}`,
      ),
      h("p", {}, `memnet ${version} · checkpoint `, h("code", {}, model.sha256.slice(0, 12))),
    );
}
