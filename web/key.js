// The key of a service that asks for one: typed by its owner, kept by the page until it is closed or reloaded, and
// sent to this service alone. It is in no storage, address or file.

import { button, h } from "./dom.js";

let asking = null;

/** Ask for a key; null when none is given. Whoever else needs one meanwhile waits for the same. */
export function askForKey(problem) {
  asking ??= dialogOf(problem).finally(() => (asking = null));
  return asking;
}

function dialogOf(problem) {
  return new Promise((resolve) => {
    let given = null;
    const input = h("input", {
      id: "key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "mn_…",
      "aria-describedby": "key-about",
    });
    const form = h(
      "form",
      {
        on: {
          submit: (event) => {
            event.preventDefault();
            given = input.value.trim() || null;
            dialog.close();
          },
        },
      },
      h("h2", { id: "dialog-title" }, "This service asks for a key"),
      h("p", { class: "fine", role: "alert" }, problem.detail),
      h("p", { class: "field" }, h("label", { for: "key" }, "Key"), input),
      h(
        "p",
        { class: "fine", id: "key-about" },
        "Kept by this page until it is closed or reloaded, and sent to this service alone.",
      ),
      h(
        "p",
        { class: "row end" },
        button("Cancel", () => dialog.close(), { class: "plain" }),
        h("button", { type: "submit", class: "main" }, "Use it"),
      ),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
