import type { Line } from "./Line.ts";
import { fitLine, lineWidth, span } from "./Line.ts";

/** A section's title with a rule up to the right edge: `chat ──── note`. */
export const sectionHeading = (title: string, note: string, width: number): Line => {
  const left = fitLine([span(title, "heading"), span(" ")], Math.max(1, width - 4));
  const right = note === "" ? [] : [span(` ${note}`, "faint")];
  const rule = width - lineWidth(left) - lineWidth(right);
  return rule >= 3 ? [...left, span("─".repeat(rule), "faint"), ...right] : fitLine([...left, ...right], width);
};
