import { mergeConfig } from "vitest/config";
import shared from "./vitest.config.ts";

/** Simulations of policies take a second each and hide no mutant from the laws: too slow to be run for each mutant. */
const SIMULATIONS = ["ColdCache", "EarlyRefresh", "StaleLoads"];

export default mergeConfig(shared, {
  test: {
    // One worker per mutant, not one per file: starting it costs more than most tests.
    isolate: false,
    // Not by Stryker's own choice of test files, with which it never loads code anew: mutants of constants would all survive.
    include: [process.env["SPILLWAY_MUTATION_TESTS"] ?? "test/policy/**/*.test.ts"],
    exclude: SIMULATIONS.map((name) => `**/${name}.test.ts`),
  },
});
