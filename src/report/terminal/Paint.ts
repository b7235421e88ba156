import type { Style } from "./Style.ts";
import type { Line } from "./Line.ts";

/** Select graphic rendition codes, ECMA-48 section 8.3.117: on and off. The 16 basic colors follow the palette of the reader's terminal. */
const CODES: { readonly [S in Style]: readonly [on: string, off: string] } = {
  plain: ["", ""],
  strong: ["1", "22"],
  faint: ["2", "22"],
  good: ["32", "39"],
  fair: ["33", "39"],
  bad: ["31", "39"],
  accent: ["36", "39"],
  goodBadge: ["1;30;42", "22;39;49"],
  fairBadge: ["1;30;43", "22;39;49"],
  badBadge: ["1;97;41", "22;39;49"],
  heading: ["1;36", "22;39"],
};

/** A line as text for a terminal, without plain spaces at its end; without `color` no escape sequence is in it. */
export const paint = (line: Line, color: boolean): string => {
  const plain = line.map(({ text }) => text).join("");
  if (!color) return plain.trimEnd();
  const painted = line.map(({ text, style }) => {
    const [on, off] = CODES[style];
    return on === "" || text === "" ? text : `\u001b[${on}m${text}\u001b[${off}m`;
  });
  return painted.join("").trimEnd();
};
