import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly propertyRuns: { readonly numRuns: number; readonly seed: number };
  }
}

/**
 * How many histories each property runs, and from which seed, printed once: fixed ones in the short run, many more of a seed of the moment in
 * the long run (SPILLWAY_LONG). SPILLWAY_HISTORIES and SPILLWAY_SEED set either, to repeat a run or to hurry.
 */
export function setup(project: TestProject): void {
  const long = process.env["SPILLWAY_LONG"] !== undefined;
  const numRuns = Number(process.env["SPILLWAY_HISTORIES"] ?? (long ? 20_000 : 1000));
  const seed = Number(process.env["SPILLWAY_SEED"] ?? (long ? Date.now() % 2 ** 31 : 42));
  console.error(`properties: ${numRuns} histories each, SPILLWAY_SEED=${seed}`);
  project.provide("propertyRuns", { numRuns, seed });
}
