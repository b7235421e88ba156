import type { LawReport } from "./LawReport.ts";

/** A counterexample for people: time, operation, outcome; what the law expects; the command that repeats it. `source` is what that command is given: a name or a file. */
export const counterexampleText = (report: LawReport, source = report.target): string => {
  const found = report.counterexample;
  if (found === undefined) return `${report.target}: ${report.law} holds in ${report.runs} histories`;
  const width = Math.max(9, ...found.timeline.map((entry) => entry.operation.length));
  return [
    `${report.target} violates ${report.law}: ${report.title}`,
    `  ${"time".padStart(14)}  ${"operation".padEnd(width)}  what happened`,
    ...found.timeline.map((entry) =>
      `  ${`${entry.atMs} ms`.padStart(14)}  ${entry.operation.padEnd(width)}  ${entry.outcomes.join("; ")}`.trimEnd(),
    ),
    `  the law: ${found.expected}`,
    `  found in history ${found.run}, ${found.operations} operations after ${found.shrinks} shrinks; seed ${found.seed}, path ${found.path}`,
    `  repeat: ${repeatCommand(report, source)}`,
  ].join("\n");
};

/** The one command that shows this counterexample again. */
export const repeatCommand = (report: LawReport, source = report.target): string => {
  const found = report.counterexample;
  if (found === undefined) return `npx spillway conformance ${source} --laws ${report.law.split(" ")[0]}`;
  return `npx spillway conformance ${source} --laws '${report.law}' --seed ${found.seed} --path ${found.path} --replay-path ${found.replayPath}`;
};
