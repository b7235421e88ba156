import { parseArgs } from "node:util";
import type { Case } from "./Case.ts";
import { allCases } from "./cases.ts";
import type { Row } from "./Row.ts";
import { toText } from "./Table.ts";
import type { Effort } from "./validate.ts";
import { validate } from "./validate.ts";

const REPLICATIONS = 20;
const LEVEL = 0.99;
/** Spreads of waits grow towards 1, and so do the runs. */
const REQUESTS: ReadonlyArray<readonly [utilization: number, requests: number]> = [
  [0.5, 30_000],
  [0.8, 60_000],
  [1, 200_000],
];

/** Usage: node test/validation/main.ts [--format text|json] [--seed N] [FILTER...] ; exits 1 when a row fails, 2 when no model matches. */
const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      format: { type: "string", default: "text" },
      seed: { type: "string", default: "1" },
    },
  });
  const chosen = select(positionals);
  if (chosen.length === 0) {
    process.stderr.write(`no model matches ${positionals.join(", ")}\n`);
    process.exitCode = 2;
    return;
  }
  const effort: Effort = {
    seed: Number(values.seed),
    replications: REPLICATIONS,
    level: LEVEL,
    requests: (utilization) => REQUESTS.find(([upTo]) => utilization <= upTo)![1],
  };
  const rows = await validateAll(chosen, effort);
  process.stdout.write(values.format === "json" ? toJson(rows, effort) : `${toPage(rows, effort)}`);
  process.exitCode = rows.some(failed) ? 1 : 0;
};

/** The cases whose model contains a filter word, all without one. */
const select = (filters: ReadonlyArray<string>): ReadonlyArray<Case> =>
  allCases().filter(
    ({ model }) =>
      filters.length === 0 ||
      filters.some((filter) => model.toLowerCase().includes(filter.toLowerCase())),
  );

const validateAll = async (cases: ReadonlyArray<Case>, effort: Effort): Promise<Array<Row>> => {
  const rows: Array<Row> = [];
  for (const [index, of] of cases.entries()) {
    process.stderr.write(`${index + 1}/${cases.length}: ${of.model} at ${of.at}\n`);
    rows.push(...(await validate(of, effort)));
  }
  return rows;
};

const failed = (row: Row): boolean => row.verdict === "FAIL";

const toJson = (rows: ReadonlyArray<Row>, { seed, replications, level }: Effort): string =>
  `${JSON.stringify({ seed, replications, level, failed: rows.filter(failed).length, rows }, null, 2)}\n`;

const toPage = (rows: ReadonlyArray<Row>, effort: Effort): string =>
  [
    toText(rows),
    "",
    `${rows.length - rows.filter(failed).length} of ${rows.length} rows pass: the closed form lies in the ${100 * effort.level} % interval`,
    `over ${effort.replications} independent replications (seed ${effort.seed}). By chance alone ${(100 * (1 - effort.level)).toFixed(0)} row in 100 lies outside.`,
    "",
  ].join("\n");

await main();
