// Numbers as they are shown. What is exported keeps every digit.

/** A weight in [0, 1], three digits. */
export function weight(value) {
  return value.toFixed(3);
}

/** A probability; nothing that is less than certain is shown as 100 %. */
export function percent(value) {
  if (value > 0.999 && value < 1) return "> 99.9 %";
  if (value > 0 && value < 0.001) return "< 0.1 %";
  return `${(value * 100).toFixed(1)} %`;
}

/** A difference of probabilities. */
export function points(value) {
  const rounded = Math.round(Math.abs(value) * 1000) / 10;
  return `${value < 0 ? "−" : "+"}${rounded.toFixed(1)} points`;
}

/** A count with its noun. */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/** "a", "a and b", "a, b and c". */
export function list(parts) {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
