import type { Result } from "../../metric/Result.ts";
import { classSection, totalSection } from "./classSection.ts";
import { commandLines } from "./commandLines.ts";
import { printable } from "./displayWidth.ts";
import { fleetSection } from "./fleetSection.ts";
import { gateSection } from "./gateSection.ts";
import { headerSection } from "./headerSection.ts";
import type { Line } from "./Line.ts";
import { fitLine, span } from "./Line.ts";
import { paint } from "./Paint.ts";
import { timelineSection } from "./timelineSection.ts";
import { warningSection } from "./warningSection.ts";

/** Columns between which the summary lays itself out; other widths are brought into the range. */
export const TERMINAL_WIDTHS = { min: 80, max: 160 } as const;

/** The summary of a run for a terminal: no line wider than `width` columns (80 to 160), escape sequences only with `color`, a newline at the end. */
export const renderTerminal = (result: Result, options: { readonly color: boolean; readonly width: number }): string => {
  const width = Math.min(Math.max(Math.floor(options.width) || TERMINAL_WIDTHS.min, TERMINAL_WIDTHS.min), TERMINAL_WIDTHS.max);
  const sections = [
    headerSection(result, width),
    ...result.classes.map((of) => classSection(of, width)),
    totalSection(result, width),
    fleetSection(result, width),
    timelineSection(result, width),
    gateSection(result, width),
    warningSection(result, width),
    repeatSection(result, width),
  ].filter((lines) => lines.length > 0);
  const text = sections.map((lines) => lines.map((line) => paint(fitLine(line, width), options.color)).join("\n")).join("\n\n");
  return `${text}\n`;
};

/** The command stands at the left edge, so that it can be copied over several lines. */
const repeatSection = ({ repeat }: Result, width: number): ReadonlyArray<Line> => [
  [span("repeat with", "faint")],
  ...commandLines(printable(repeat), width).map((line): Line => [span(line, "accent")]),
];
