import { mergeConfig } from "vitest/config";
import shared from "./vitest.config.ts";

/** Simulations of policies take a second each and hide no mutant from the laws: too slow to be run for each mutant. */
const SIMULATIONS = ["ColdCache", "EarlyRefresh", "StaleLoads"];

export default mergeConfig(shared, {
  // One worker per mutant, not one per file: starting it costs more than most tests.
  test: { isolate: false, exclude: SIMULATIONS.map((name) => `**/${name}.test.ts`) },
});
