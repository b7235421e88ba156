import type { Counterexample, LawReport } from "./LawReport.ts";

/**
 * A counterexample for people: time, operation, outcome; what the law expects; how to repeat it. `source` is what the command is given, a name or a file;
 * without it the law is repeated where it was checked.
 */
export const counterexampleText = (report: LawReport, source?: string): string => {
  const found = report.counterexample;
  if (found === undefined) return `${report.target}: ${report.law} holds in ${report.runs} histories`;
  const width = Math.max(9, ...found.timeline.map((entry) => entry.operation.length));
  const { seed, path, replayPath } = found;
  return [
    `${report.target} violates ${report.law}: ${report.title}`,
    `  ${"time".padStart(14)}  ${"operation".padEnd(width)}  what happened`,
    ...found.timeline.map((entry) =>
      `  ${`${entry.atMs} ms`.padStart(14)}  ${entry.operation.padEnd(width)}  ${entry.outcomes.join("; ")}`.trimEnd(),
    ),
    `  the law: ${found.expected}`,
    `  found in history ${found.run}, ${operationsText(found)} after ${found.shrinks} shrinks; seed ${seed}, path ${path}`,
    ...(source === undefined
      ? [`  repeat here: law.check(${JSON.stringify({ seed, path, replayPath })})`, `  or: ${repeatCommand(report, found, "FILE")}`]
      : [`  repeat: ${repeatCommand(report, found, source)}`]),
  ].join("\n");
};

/** Its length, in words. */
export const operationsText = ({ operations }: Counterexample): string => (operations === 1 ? "1 operation" : `${operations} operations`);

/** The one command that shows this counterexample again. */
const repeatCommand = ({ law }: LawReport, { seed, path, replayPath }: Counterexample, source: string): string =>
  `npx spillway conformance ${source} --laws '${law}' --seed ${seed} --path ${path} --replay-path ${replayPath}`;
