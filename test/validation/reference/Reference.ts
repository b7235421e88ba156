import * as Effect from "effect/Effect";
import type { Simulated } from "../../../src/experiment/simulate.ts";
import { simulate } from "../../../src/experiment/simulate.ts";
import { decodeScenario, sourceOf } from "../../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../../src/scenario/ScenarioFault.ts";

/** A published or derived figure, the band in which ours must lie, and ours. */
export interface Finding {
  readonly name: string;
  /** A number in the middle of its band, or what is said of it in words. */
  readonly published: number | string;
  readonly low: number;
  readonly high: number;
  readonly simulated: number;
  /** Why it lies outside of the band; absent where it should not. */
  readonly miss?: string;
}

/** A published experiment, run as a scenario. */
export interface Reference {
  readonly title: string;
  readonly source: string;
  /** About a second of work: runs with the tests too. */
  readonly quick: boolean;
  readonly findings: () => Promise<ReadonlyArray<Finding>>;
}

/** A band around a published value. */
export const near = (name: string, published: number, tolerance: number, simulated: number): Finding => ({
  name,
  published,
  low: published - tolerance,
  high: published + tolerance,
  simulated,
});

/** A band that is not one around a value: an order, a bound, a shape. */
export const band = (name: string, published: string, low: number, high: number, simulated: number): Finding => ({
  name,
  published,
  low,
  high,
  simulated,
});

/** A figure that is known to lie outside of its band, and why. */
export const missing = (finding: Finding, miss: string): Finding => ({ ...finding, miss });

export const holds = ({ simulated, low, high }: Finding): boolean => simulated >= low && simulated <= high;

/** Runs a scenario as a scenario file would be run; keeps records of so many requests. */
export const play = async (scenario: ScenarioInput, seed = 1, sampleSize = 200_000): Promise<Simulated> =>
  (await playAll(scenario, [seed], sampleSize))[0]!;

/** The same scenario with each of the seeds. */
export const playAll = async (scenario: ScenarioInput, seeds: ReadonlyArray<number>, sampleSize = 0): Promise<Array<Simulated>> => {
  const decoded = decodeScenario(sourceOf(scenario));
  if (decoded instanceof ScenarioFault) throw decoded;
  const runs: Array<Simulated> = [];
  for (const seed of seeds) runs.push(await Effect.runPromise(simulate(decoded.world, { seed, sampleSize })));
  return runs;
};

/** 1..count. */
export const seedsTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i + 1);

/** Mean of a column of the timeline over (fromMs, toMs]. */
export const over = (
  { result }: Simulated,
  column: "goodputPerSecond" | "offeredPerSecond" | "throughputPerSecond",
  fromMs: number,
  toMs: number,
): number => {
  const points = result.timeline.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  return points.reduce((sum, point) => sum + point[column], 0) / points.length;
};

export const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;
