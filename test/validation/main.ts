import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Case } from "./Case.ts";
import { allCases } from "./cases.ts";
import type { Row } from "./Row.ts";
import { toText } from "./Table.ts";
import type { Ran } from "./real/page.ts";
import { SKIPPED, sectionText } from "./real/page.ts";
import type { Section } from "./real/Section.ts";
import { verdictOf } from "./real/Section.ts";
import { isShared } from "./real/SharedFile.ts";
import { realSections } from "./real/sections.ts";
import type { Plan } from "./validate.ts";
import { validate } from "./validate.ts";

const REPLICATIONS = 20;
const LEVEL = 0.99;
const REQUESTS = { short: 30_000, medium: 50_000, long: 200_000 };

const CLOSED_FORMS = "closed-forms";
const PAGE = fileURLToPath(new URL("../../reports/validation.md", import.meta.url));

const USAGE = `usage: node test/validation/main.ts [--only NAME]... [--write | --out FILE] [--format text|json] [--seed N] [MODEL...]
  NAME: ${[CLOSED_FORMS, ...realSections.map(({ name }) => name)].join(", ")}; all unless told
  MODEL: closed-form models by a part of their name; then only these run, unless --only says more
exits 1 when a row fails, 2 for arguments that name nothing
`;

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      format: { type: "string", default: "text" },
      seed: { type: "string", default: "1" },
      only: { type: "string", multiple: true, default: [] },
      write: { type: "boolean", default: false },
      out: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const names = values.only.length === 0 && positionals.length > 0 ? [CLOSED_FORMS] : values.only;
  const unknown = names.filter((name) => name !== CLOSED_FORMS && !realSections.some((section) => section.name === name));
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  const cases = wanted(CLOSED_FORMS) ? select(positionals) : [];
  if (unknown.length > 0) return refuse(`no section is called ${unknown.join(", ")}\n${USAGE}`);
  if (wanted(CLOSED_FORMS) && cases.length === 0) return refuse(`no model matches ${positionals.join(", ")}\n`);
  const plan: Plan = { seed: Number(values.seed), replications: REPLICATIONS, level: LEVEL, requests: REQUESTS };
  const sections = await runSections(realSections.filter(({ name }) => wanted(name)));
  const rows = await validateAll(cases, plan);
  const page = toPage({ rows, sections, plan });
  process.stdout.write(values.format === "json" ? toJson({ rows, sections, plan }) : page);
  const file = values.out ?? (values.write ? PAGE : undefined);
  if (file !== undefined) keepPage(file, page, sections);
  process.exitCode = rows.some(failed) || sections.some(fails) ? 1 : 0;
};

const refuse = (text: string): void => {
  process.stderr.write(text);
  process.exitCode = 2;
};

const runSections = async (sections: ReadonlyArray<Section>): Promise<ReadonlyArray<Ran>> => {
  const ran: Array<Ran> = [];
  for (const section of sections) {
    const absent = section.needs.some((file) => !isShared(file));
    process.stderr.write(`${section.name}: ${absent ? SKIPPED : section.title}\n`);
    ran.push({ section, findings: absent ? undefined : await section.run() });
  }
  return ran;
};

const fails = ({ findings }: Ran): boolean =>
  findings?.tables.some((table) => table.rows.some((row) => verdictOf(row) === "FAIL")) === true;

/** A page that lacks a section would say less than the one that is there. */
const keepPage = (file: string, page: string, sections: ReadonlyArray<Ran>): void => {
  const skipped = sections.filter(({ findings }) => findings === undefined);
  if (skipped.length > 0) {
    process.stderr.write(`${file} is left as it is: ${skipped.map(({ section }) => section.name).join(", ")} ${SKIPPED}\n`);
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page);
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

interface Everything {
  readonly rows: ReadonlyArray<Row>;
  readonly sections: ReadonlyArray<Ran>;
  readonly plan: Plan;
}

const toJson = ({ rows, sections, plan: { seed, replications, level } }: Everything): string =>
  `${JSON.stringify(
    {
      seed,
      replications,
      level,
      failed: rows.filter(failed).length,
      rows,
      sections: sections.map(({ section: { name, title }, findings }) => ({ name, title, ...(findings ?? { skipped: SKIPPED }) })),
    },
    null,
    2,
  )}\n`;

const INTRODUCTION = `# Validation

Published or measured figures side by side with simulated ones. Written by \`npm run validate -- --write\`; the data are other people's and not
part of this repository. FAIL marks a target that is missed; the remarks of its section say why.
`;

const toPage = ({ rows, sections, plan }: Everything): string =>
  [INTRODUCTION, ...sections.map(sectionText), ...(rows.length === 0 ? [] : [closedFormText(rows, plan)])].join("\n");

const closedFormText = (rows: ReadonlyArray<Row>, plan: Plan): string =>
  [
    "## Closed forms of queueing theory",
    "",
    "```",
    toText(rows),
    "```",
    "",
    `${rows.length - rows.filter(failed).length} of ${rows.length} rows pass: the closed form lies in the ${100 * plan.level} % interval`,
    `over ${plan.replications} independent replications (seed ${plan.seed}). By chance alone ${(100 * (1 - plan.level)).toFixed(0)} row in 100 lies outside.`,
    "",
  ].join("\n");

await main();
