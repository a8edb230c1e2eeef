// Elements without markup in strings: text is always text, so a fact can never become code.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `on` holds listeners, `style` custom properties; everything else is an attribute. */
export function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, { on = {}, style = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  // By property: the content security policy refuses the attribute.
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Text that only screen readers meet. */
export function read(text) {
  return h("span", { class: "only-read" }, text);
}

/** A button that does something on this page. */
export function button(label, action, attributes = {}) {
  return h("button", { type: "button", ...attributes, on: { click: action } }, label);
}

/** Say something to whoever does not see the page. */
export function say(text) {
  const region = document.getElementById("said");
  // Emptied first: the same sentence twice would be no change, and so not be read.
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 60);
}

const ICONS = {
  strike:
    "M2.5 8h11M11.2 5.1C10.8 3.7 9.6 3 8 3 6.200 3 5 3.900 5 5.300 5 6.200 5.500 6.900 6.500 7.400M4.700 10.600C5 12.100 6.300 13 8 13c1.900 0 3.200-.9 3.200-2.400 0-.5-.1-.9-.4-1.200",
  keep: "M6 3 3 6l3 3M3 6h6.500a3.500 3.500 0 0 1 0 7H7",
  forget:
    "M2.500 4.500h11M6.500 4.300V2.800h3v1.500M4 4.500l.6 8.700h6.800l.6-8.700M6.700 7v3.700M9.300 7v3.700",
  remove: "M4 4l8 8M12 4l-8 8",
};

/** A small drawing for a button that has no room for words; the button needs an `aria-label`. */
export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    s("path", { d: ICONS[name] }),
  );
}
