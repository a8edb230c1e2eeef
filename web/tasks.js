// The 20 bAbI tasks: what the network of this service scores on each beside what was published, and stories to try.

import * as api from "./api.js";
import { button, h, read } from "./dom.js";
import { problemNote } from "./notes.js";
import { load, examples } from "./story.js";

/** Of the published columns that compare, the one shown first. */
const PAPER = "MemN2N PE LS RN 3 hops";

export async function tasks(main, model, go) {
  let stories, published, network;
  try {
    [stories, published, network] = await Promise.all([
      examples(),
      api.published(),
      api.getModel(model.model_id),
    ]);
  } catch (error) {
    main.replaceChildren(h("div", { class: "lost" }, problemNote(error)));
    return;
  }
  const card = network.scorecard;
  const columns = published.items;
  const size = card?.data.split.endsWith("-10k") ? "10k" : "1k";
  const comparable = columns.filter((each) => each.mode === "joint" && each.train_size === size);
  let beside = comparable.find((each) => each.model === PAPER) ?? comparable[0] ?? columns[0];

  const problem = h("div", { class: "problem-place" });
  const progress = h("p", { class: "fine", role: "status" });
  const table = h("div", { class: "scroller" });
  const source = h("p", { class: "fine" });
  const choice = h(
    "select",
    { id: "beside" },
    ["10k joint", "10k single", "1k joint", "1k single"].map((group) =>
      h(
        "optgroup",
        {
          label: `${group.replace(" single", ", one network per task").replace(" joint", ", one network for all")}`,
        },
        columns
          .filter((each) => `${each.train_size} ${each.mode}` === group)
          .map((each) => h("option", { value: columns.indexOf(each) }, `${each.model}: ${each.statistic}`)),
      ),
    ),
  );
  choice.value = columns.indexOf(beside);
  choice.addEventListener("change", () => {
    beside = columns[Number(choice.value)];
    draw();
  });

  main.replaceChildren(
    h(
      "div",
      { class: "tasks" },
      h("p", { class: "crumb" }, h("a", { href: "ui" }, "All memories")),
      h("h1", { tabindex: "-1" }, "The 20 bAbI tasks"),
      h(
        "p",
        { class: "lead" },
        "Each task is one way of reasoning over a story. Tell a story to a memory, see which facts each hop read, and beside them the facts that bAbI counts as supporting: the network was never shown those.",
      ),
      card
        ? h(
            "p",
            { class: "row beside" },
            h("label", { for: "beside" }, "Error of ", h("b", {}, network.model_id), " beside"),
            choice,
          )
        : h("p", { class: "notice" }, "The network that answers here was not evaluated on the tasks."),
      problem,
      progress,
      table,
      card ? source : null,
      card
        ? h(
            "ul",
            { class: "fine said-with" },
            card.notes.map((each) => h("li", {}, each)),
          )
        : null,
      h("p", { class: "fine" }, `Stories: ${stories.attribution} ${stories.license}.`),
    ),
  );
  draw();

  function draw() {
    const rows = new Map();
    for (const story of stories.items) {
      if (!rows.has(story.task)) rows.set(story.task, { name: story.task_name, stories: [] });
      rows.get(story.task).stories.push(story);
    }
    const errors = [...rows.keys()].map((task) => [card?.tasks[task]?.error, beside.tasks[task]?.error]);
    const most = Math.max(0.05, ...errors.flat().filter((each) => each !== undefined));
    table.replaceChildren(
      h(
        "table",
        { class: "scores" },
        h("caption", { class: "only-read" }, "Test error of each task in per cent, and stories to try"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "seq" }, h("abbr", { title: "number of the task" }, "no.")),
            h("th", { scope: "col" }, "task"),
            card && h("th", { scope: "col", class: "error" }, "this network, %"),
            card && h("th", { scope: "col", class: "error" }, "published, %"),
            card && h("td", { class: "bars" }),
            h("th", { scope: "col", class: "try-it" }, "stories"),
          ),
        ),
        h(
          "tbody",
          {},
          [...rows].map(([task, row]) => line(task, row, most)),
        ),
        card && totals(),
      ),
    );
    source.replaceChildren(
      "Published: ",
      h("b", {}, beside.model),
      `, ${beside.train_size} training questions per task, ${beside.mode === "joint" ? "one network for all tasks" : "one network per task"}, ${beside.statistic}. Source: ${beside.source}${beside.status === "recalled" ? "; recalled, to be checked before it is relied on" : ""}. This network: ${card?.data.split}, ${card?.data.part} files.`,
    );
  }

  function line(task, { name, stories: own }, most) {
    const ours = card?.tasks[task]?.error;
    const theirs = beside.tasks[task]?.error;
    return h(
      "tr",
      {},
      h("td", { class: "seq" }, String(task)),
      h("th", { scope: "row" }, name.replaceAll("-", " "), trainedOn(card, task)),
      card && h("td", { class: "error" }, error(ours)),
      card && h("td", { class: "error theirs" }, error(theirs)),
      card &&
        h(
          "td",
          { class: "bars", "aria-hidden": "true" },
          h(
            "span",
            { class: "bar" },
            ours === undefined ? null : h("span", { style: { "--p": ours / most } }),
            theirs === undefined ? null : h("i", { style: { "--p": theirs / most } }),
          ),
        ),
      h(
        "td",
        { class: "try-it" },
        own.map((story, index) =>
          button(
            own.length > 1 ? `Story ${index + 1}` : "Story",
            (event) => tell(story, event.currentTarget),
            {
              class: "plain small",
              "aria-label": `Task ${task}, story ${index + 1}`,
            },
          ),
        ),
      ),
    );
  }

  function totals() {
    const total = (label, ours, theirs) =>
      h(
        "tr",
        {},
        h("td", { class: "seq" }),
        h("th", { scope: "row" }, label),
        h("td", { class: "error" }, ours),
        h("td", { class: "error theirs" }, theirs),
        h("td", { class: "bars" }),
        h("td", { class: "try-it" }),
      );
    return h(
      "tfoot",
      {},
      total("mean", error(card.mean_error), error(beside.mean_error)),
      total("failed, above 5 %", String(card.failed.length), String(beside.failed.length)),
    );
  }

  async function tell(story, pressed) {
    pressed.disabled = true;
    problem.replaceChildren();
    try {
      go(
        await load(story, (known, all) => {
          progress.textContent = `Telling ${story.example_id}: ${known} of ${all} facts…`;
        }),
      );
    } catch (error) {
      problem.replaceChildren(problemNote(error));
      progress.textContent = "";
      pressed.disabled = false;
    }
  }
}

/** Where a task was not trained on the official file, the number is never shown without saying so. */
function trainedOn(card, task) {
  const note = card?.notes.find((each) => each.startsWith(`task ${task}: `));
  return note ? h("small", {}, note.slice(`task ${task}: `.length).replace(/ \(.*\)$/, "")) : null;
}

function error(value) {
  if (value === undefined) return h("span", { class: "nothing" }, "–", read("not known"));
  return h("data", { value, class: value > 0.05 ? "failed" : "" }, (value * 100).toFixed(1));
}
