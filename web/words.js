// The words of a sentence, split as the network splits them (memnet/text.py).

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

// Nearly every sentence shares these with nearly every question, so marking them would show nothing.
const SMALL = new Set(
  "a an and are at be did do does for from had has have he her his how in is it its many of on or s she that the their there they this to was we were what when where which who why will with you".split(
    " ",
  ),
);

/** The words of a text, in lower case. */
export function words(text) {
  return (text.normalize("NFC").match(WORD) ?? []).map((word) => word.toLowerCase());
}

/** The words of a question that are worth marking where a fact has them too. */
export function telling(question) {
  return new Set(words(question).filter((word) => !SMALL.has(word)));
}

/** A text cut before and after each word: `[piece, word or null]`. */
export function pieces(text) {
  const whole = text.normalize("NFC");
  const found = [];
  let end = 0;
  for (const match of whole.matchAll(WORD)) {
    if (match.index > end) found.push([whole.slice(end, match.index), null]);
    found.push([match[0], match[0].toLowerCase()]);
    end = match.index + match[0].length;
  }
  if (end < whole.length) found.push([whole.slice(end), null]);
  return found;
}
