// Histories per property are few and always the same: a mutant is asked by many properties, and must not survive one run and die in the next.
process.env.SPILLWAY_HISTORIES ??= "100";
process.env.SPILLWAY_SEED ??= "42";
// `npm run mutation` runs folder by folder, with a report of each.
const report = process.env.SPILLWAY_MUTATION_REPORT ?? "reports/mutation/all";

export default {
  mutate: ["src/policy/**/*.ts"],
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.ts", related: false },
  coverageAnalysis: "perTest",
  // Stryker reads tsconfig with an API that TypeScript 7 no longer has; nothing here needs it, so it is given none to read.
  tsconfigFile: "none",
  reporters: ["json", "progress-append-only"],
  jsonReporter: { fileName: `${report}.json` },
  incremental: true,
  incrementalFile: `${report}.incremental.json`,
  concurrency: 1,
  timeoutMS: 6_000,
  thresholds: { high: 95, low: 90, break: null },
  warnings: { slow: false },
};
