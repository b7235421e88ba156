import { clip, displayWidth } from "./displayWidth.ts";

/** A shell command on lines of at most `width` columns that can be pasted as they stand: broken at spaces, and inside a longer word where it must, by `\` at the end of the line. */
export const commandLines = (command: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  let rest = command;
  let quote = "";
  while (displayWidth(rest) > width) {
    const cut = breakAt(rest, width, quote);
    lines.push(`${rest.slice(0, cut.index)}${cut.close}\\`);
    quote = cut.quote;
    rest = cut.close + rest.slice(cut.index);
  }
  return [...lines, rest];
};

interface Break {
  readonly index: number;
  readonly quote: string;
  /** A quote to end before the break and to open again after it. */
  readonly close: string;
}

/** The last space outside quotes that fits, else the last character that fits; single quotes are closed around the break, where `\` would be taken as it stands. */
const breakAt = (text: string, width: number, quoteBefore: string): Break => {
  const fitting = clip(text, width - 1).slice(0, -1);
  let quote = quoteBefore;
  let space = -1;
  for (let index = 0; index < fitting.length; index++) {
    const character = fitting[index]!;
    if (quote === "" && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = "";
    else if (character === " " && quote === "") space = index;
  }
  if (space > 0) return { index: space + 1, quote: "", close: "" };
  return {
    index: Math.max(1, fitting.length),
    quote: quote === "'" ? "" : quote,
    close: quote === "'" ? "'" : "",
  };
};
