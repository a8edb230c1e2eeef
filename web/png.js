// A picture as PNG, drawn from its SVG shape by shape: as an image of its own it would not have the page's fonts, and
// the page's policy lets nothing be an image that is not one of its files.

/** Pixels for each unit of the SVG. */
const SCALE = 2;

/** Draw an SVG of rectangles, lines, circles, paths and texts, as `save.js` makes them. */
export async function asPng(svg) {
  await Promise.all(
    [...svg.querySelectorAll("text")].map((text) => document.fonts.load(fontOf(text), text.textContent)),
  );
  const canvas = document.createElement("canvas");
  canvas.width = Number(svg.getAttribute("width")) * SCALE;
  canvas.height = Number(svg.getAttribute("height")) * SCALE;
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  for (const shape of svg.children) draw(context, shape);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function draw(context, shape) {
  const number = (name, otherwise = 0) => Number(shape.getAttribute(name) ?? otherwise);
  const colour = (name) => shape.getAttribute(name) ?? "none";
  if (shape.localName === "text") return write(context, shape, number);
  const path = outline(shape, number);
  if (!path) return; // Title and description are not drawn.
  if (colour("fill") !== "none") {
    context.fillStyle = colour("fill");
    context.fill(path);
  }
  if (colour("stroke") !== "none") {
    context.strokeStyle = colour("stroke");
    context.lineWidth = number("stroke-width", 1);
    context.globalAlpha = number("stroke-opacity", 1);
    context.stroke(path);
    context.globalAlpha = 1;
  }
}

function outline(shape, number) {
  const path = new Path2D();
  switch (shape.localName) {
    case "rect":
      path.roundRect(number("x"), number("y"), number("width"), number("height"), number("rx"));
      return path;
    case "circle":
      path.arc(number("cx"), number("cy"), number("r"), 0, 2 * Math.PI);
      return path;
    case "line":
      path.moveTo(number("x1"), number("y1"));
      path.lineTo(number("x2"), number("y2"));
      return path;
    case "path":
      return new Path2D(shape.getAttribute("d"));
    default:
      return null;
  }
}

function write(context, text, number) {
  context.font = fontOf(text);
  context.fillStyle = text.getAttribute("fill");
  context.textAlign = { middle: "center", end: "right" }[text.getAttribute("text-anchor")] ?? "left";
  context.fillText(text.textContent, number("x"), number("y"));
  if (text.getAttribute("text-decoration") !== "line-through") return;
  const { width } = context.measureText(text.textContent);
  context.fillRect(number("x"), number("y") - number("font-size") * 0.3, width, 1.2);
}

function fontOf(text) {
  const part = (name, otherwise) => text.getAttribute(name) ?? otherwise;
  return `${part("font-style", "normal")} ${part("font-weight", "400")} ${part("font-size")}px ${part("font-family")}`;
}
