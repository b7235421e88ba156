import type { Comparison, ComparisonTable, Findings, Section } from "./Section.ts";
import { verdictOf } from "./Section.ts";

/** A section that ran, or why it did not. */
export interface Ran {
  readonly section: Section;
  readonly findings: Findings | undefined;
}

export const SKIPPED = "skipped: data absent";

/** One section as Markdown, readable as plain text too: columns are aligned. */
export const sectionText = ({ section, findings }: Ran): string => {
  const heading = `## ${section.title}`;
  if (findings === undefined) return `${heading}\n\n${SKIPPED} (${section.needs.join(", ")})\n`;
  return [
    heading,
    ...findings.method.map((text) => text),
    ...findings.tables.map(tableText),
    ...(findings.remarks.length === 0 ? [] : [findings.remarks.map((text) => `- ${text}`).join("\n")]),
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
};

const tableText = ({ title, reference, ours, rows }: ComparisonTable): string => {
  const head = ["quantity", reference, ours ?? "simulated", "error", "target", "verdict"];
  const cells = rows.map(cellsOf);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length), 3));
  const line = (row: ReadonlyArray<string>): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [`**${title}**`, "", line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...cells.map(line)].join("\n");
};

const cellsOf = (row: Comparison): ReadonlyArray<string> => [
  row.quantity,
  digits(row.reference),
  digits(row.simulated),
  row.error === undefined ? "" : withUnit(signed(row), row.errorUnit),
  row.target === undefined ? "" : withUnit(`<= ${Number(row.target.toPrecision(3))}`, row.errorUnit),
  verdictOf(row),
];

const withUnit = (text: string, unit = "%"): string => (unit === "" ? text : `${text} ${unit}`);

const signed = ({ error, reference }: Comparison): string => {
  const text = Number(error!.toFixed(2)).toString();
  return typeof reference === "number" && error! > 0 ? `+${text}` : text;
};

const digits = (value: number | string): string => {
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return Math.abs(value) >= 10_000 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(4)).toString();
};
