// What the service has to say when something is refused or left out, in its own words.

import { h } from "./dom.js";
import { Problem } from "./api.js";

/** Problem details as a note that is read out at once. `place` may name a pointer in words of the page. */
export function problemNote(error, place = () => null) {
  if (!(error instanceof Problem)) throw error;
  return h(
    "div",
    { class: "notice problem", role: "alert" },
    h("p", {}, h("b", {}, error.title), error.detail ? `: ${error.detail}` : null),
    error.errors.length
      ? h(
          "ul",
          {},
          error.errors.map((field) => {
            const where = field.pointer ?? field.parameter ?? "";
            const words = place(where);
            return h(
              "li",
              {},
              words ? h("span", {}, `${words}: `) : null,
              h("code", {}, where),
              " ",
              field.detail,
            );
          }),
        )
      : null,
    error.hint ? h("p", {}, `Hint: ${error.hint}`) : null,
    error.requestId ? h("p", { class: "fine" }, "request ", h("code", {}, error.requestId)) : null,
  );
}

/** Something worth knowing. */
export function note(...children) {
  return h("p", { class: "notice" }, children);
}
