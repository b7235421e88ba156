/** How many terminal columns a text takes: 2 for East Asian wide characters and emoji, 0 for combining marks, 1 for all else. Box and block characters count 1. Source: Unicode Standard Annex 11 (wide and fullwidth ranges), shortened to whole blocks. */
export const displayWidth = (text: string): number => {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += graphemeWidth(segment);
  return width;
};

/** The longest beginning of a text that takes at most `width` columns; a cut text ends in `…`. */
export const clip = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept}…`;
};

/** A text without control and direction characters, so that a name can neither break a line nor color the terminal. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;

const graphemeWidth = (grapheme: string): number => {
  if (/^[\p{M}\p{Cf}]+$/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) || /^\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u.test(grapheme) ? 2 : 1;
};
