// Questions that stop everything else. A modal dialog of the browser keeps the focus inside, closes on Escape and
// puts the focus back where it was.

import { button, h } from "./dom.js";
import { problemNote } from "./notes.js";

/** Ask before doing something that cannot be undone.
 *
 * `act` runs while the dialog is open, so that its refusal is shown where the decision was made. Resolves to
 * whether it was done. With `typed`, that word has to be typed first.
 */
export function confirmed({ title, body, verb, act, typed = null }) {
  return new Promise((resolve) => {
    let done = false;
    const problem = h("div", { class: "problem-place" });
    const go = h("button", { type: "submit", class: "main danger", disabled: typed !== null }, verb);
    const input =
      typed === null
        ? null
        : h("input", {
            id: "typed",
            name: "typed",
            autocomplete: "off",
            spellcheck: "false",
            autocapitalize: "none",
          });
    input?.addEventListener("input", () => (go.disabled = input.value !== typed));
    const form = h(
      "form",
      {
        on: {
          submit: async (event) => {
            event.preventDefault();
            if (go.disabled) return;
            go.disabled = true;
            try {
              await act(input?.value);
              done = true;
              dialog.close();
            } catch (error) {
              problem.replaceChildren(problemNote(error));
              go.disabled = false;
            }
          },
        },
      },
      h("h2", { id: "dialog-title" }, title),
      body,
      input &&
        h(
          "p",
          { class: "field" },
          h("label", { for: "typed" }, "Type ", h("b", {}, typed), " to confirm"),
          input,
        ),
      problem,
      h(
        "p",
        { class: "row end" },
        button("Cancel", () => dialog.close(), { autofocus: input === null, class: "plain" }),
        go,
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
    input?.focus();
  });
}
