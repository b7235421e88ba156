import { parseArgs } from "node:util";
import type { Case } from "./Case.ts";
import { allCases } from "./cases.ts";
import type { Row } from "./Row.ts";
import { toText } from "./Table.ts";
import type { Plan } from "./validate.ts";
import { validate } from "./validate.ts";

const REPLICATIONS = 20;
const LEVEL = 0.99;
const REQUESTS = { short: 30_000, medium: 50_000, long: 200_000 };

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
  const plan: Plan = {
    seed: Number(values.seed),
    replications: REPLICATIONS,
    level: LEVEL,
    requests: REQUESTS,
  };
  const rows = await validateAll(chosen, plan);
  process.stdout.write(values.format === "json" ? toJson(rows, plan) : `${toPage(rows, plan)}`);
  process.exitCode = rows.some(failed) ? 1 : 0;
};

/** The cases whose model contains a filter word, all without one. */
const select = (filters: ReadonlyArray<string>): ReadonlyArray<Case> =>
  allCases().filter(({ model }) => filters.length === 0 || filters.some((filter) => model.toLowerCase().includes(filter.toLowerCase())));

const validateAll = async (cases: ReadonlyArray<Case>, plan: Plan): Promise<Array<Row>> => {
  const rows: Array<Row> = [];
  for (const [index, of] of cases.entries()) {
    process.stderr.write(`${index + 1}/${cases.length}: ${of.model} at ${of.at}\n`);
    rows.push(...(await validate(of, plan)));
  }
  return rows;
};

const failed = (row: Row): boolean => row.verdict === "FAIL";

const toJson = (rows: ReadonlyArray<Row>, { seed, replications, level }: Plan): string =>
  `${JSON.stringify({ seed, replications, level, failed: rows.filter(failed).length, rows }, null, 2)}\n`;

const toPage = (rows: ReadonlyArray<Row>, plan: Plan): string =>
  [
    toText(rows),
    "",
    `${rows.length - rows.filter(failed).length} of ${rows.length} rows pass: the closed form lies in the ${100 * plan.level} % interval`,
    `over ${plan.replications} independent replications (seed ${plan.seed}). By chance alone ${(100 * (1 - plan.level)).toFixed(0)} row in 100 lies outside.`,
    "",
  ].join("\n");

await main();
