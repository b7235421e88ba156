import { counterexampleText, operationsText } from "./counterexampleText.ts";
import type { CheckOptions, Law } from "./Law.ts";
import type { LawReport } from "./LawReport.ts";

/** What came of one law. */
export type Verdict = "holds" | "holds as declared" | "violated";

export interface ScoreboardRow {
  readonly law: string;
  readonly kind: "S" | "V";
  readonly title: string;
  readonly verdict: Verdict;
  /** The weaker form that the component declares. */
  readonly declared?: string;
  readonly report: LawReport;
  /** Of the law in full, where only a weaker form is declared. */
  readonly full?: LawReport;
}

export interface Scoreboard {
  readonly target: string;
  readonly version?: string;
  readonly seed: number;
  readonly rows: ReadonlyArray<ScoreboardRow>;
}

export interface ScoreboardOptions extends CheckOptions {
  readonly target: string;
  readonly version?: string | undefined;
  /** Called before each law. */
  readonly onLaw?: (law: Law) => void;
}

/** Checks laws one after the other, and the full form of those that are only declared in a weaker one. */
export const scoreboardOf = async (laws: ReadonlyArray<Law>, options: ScoreboardOptions): Promise<Scoreboard> => {
  const rows: Array<ScoreboardRow> = [];
  for (const law of laws) {
    options.onLaw?.(law);
    const report = await law.report(options);
    const full = law.full === undefined ? undefined : await law.full.report(options);
    const kept = full === undefined || full.counterexample === undefined ? "holds" : "holds as declared";
    rows.push({
      law: report.law,
      kind: law.kind,
      title: report.title,
      verdict: report.counterexample === undefined ? kept : "violated",
      ...(law.declared === undefined ? {} : { declared: law.declared }),
      report,
      ...(full === undefined ? {} : { full }),
    });
  }
  return { target: options.target, ...(options.version === undefined ? {} : { version: options.version }), seed: options.seed ?? 1, rows };
};

/** Whether a law is broken that the component does not declare to break. */
export const hasViolation = (board: Scoreboard): boolean => board.rows.some((row) => row.verdict === "violated");

/** The scoreboard as Markdown: a table, then each counterexample. */
export const scoreboardMarkdown = (board: Scoreboard): string => {
  const found = board.rows
    .flatMap((row) => [row.report, ...(row.full === undefined ? [] : [row.full])])
    .filter((report) => report.counterexample !== undefined);
  return [
    `# Conformance: ${board.target}${board.version === undefined ? "" : ` (${board.version})`}`,
    "",
    "| law | property | verdict | histories | counterexample |",
    "|---|---|---|---:|---|",
    ...board.rows.map((row) => `| ${row.law} | ${row.title} | ${verdictText(row)} | ${row.report.runs} | ${lengthText(row)} |`),
    "",
    ...(board.rows.some((row) => row.verdict !== "holds")
      ? [
          "A violation says that a stated property does not hold. Some are intended or documented; ask the maintainers before you call one a defect.",
          "",
        ]
      : []),
    ...found.flatMap((report) => ["```text", counterexampleText(report, board.target), "```", ""]),
  ].join("\n");
};

const verdictText = (row: ScoreboardRow): string => {
  if (row.declared === undefined) return row.verdict;
  return `${row.verdict === "holds as declared" ? "not in full; holds as declared" : row.verdict} (${row.declared})`;
};

const lengthText = (row: ScoreboardRow): string => {
  const found = row.report.counterexample ?? row.full?.counterexample;
  return found === undefined ? "" : operationsText(found);
};
