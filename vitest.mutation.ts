import { mergeConfig } from "vitest/config";
import shared from "./vitest.config.ts";

/** Simulations of policies take a second each and hide no mutant from the laws: too slow to be run for each mutant. */
const SIMULATIONS = ["ColdCache", "EarlyRefresh", "StaleLoads"];

export default mergeConfig(shared, { test: { exclude: SIMULATIONS.map((name) => `**/${name}.test.ts`) } });
