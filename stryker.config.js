// Many short runs find what one long run would: fewer histories of each property, the same ones for each mutant.
process.env.SPILLWAY_HISTORIES ??= "150";
process.env.SPILLWAY_SEED ??= "42";

export default {
  mutate: ["src/policy/**/*.ts"],
  testRunner: "vitest",
  vitest: { dir: "test/policy", related: false },
  // Stryker reads tsconfig with an API that TypeScript 7 no longer has; nothing here needs it, so it is given none to read.
  tsconfigFile: "none",
  coverageAnalysis: "perTest",
  reporters: ["clear-text", "json", "progress-append-only"],
  clearTextReporter: { reportTests: false, logTests: false, allowColor: false },
  jsonReporter: { fileName: "reports/mutation/mutation.json" },
  incremental: true,
  incrementalFile: "reports/mutation/incremental.json",
  concurrency: 1,
  thresholds: { high: 95, low: 90, break: 90 },
};
