import * as Effect from "effect/Effect";
import type { Simulated } from "../../../src/experiment/simulate.ts";
import { simulate } from "../../../src/experiment/simulate.ts";
import { decodeScenario, sourceOf } from "../../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../../src/scenario/ScenarioFault.ts";

/** A published or derived figure, the band in which ours must lie, and ours. */
export interface Finding {
  readonly name: string;
  readonly published: string;
  readonly low: number;
  readonly high: number;
  readonly simulated: number;
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
  published: String(published),
  low: published - tolerance,
  high: published + tolerance,
  simulated,
});

export const holds = ({ simulated, low, high }: Finding): boolean => simulated >= low && simulated <= high;

/** Runs a scenario as a scenario file would be run. */
export const play = (scenario: ScenarioInput, seed = 1): Promise<Simulated> => {
  const decoded = decodeScenario(sourceOf(scenario));
  if (decoded instanceof ScenarioFault) throw decoded;
  return Effect.runPromise(simulate(decoded.world, { seed, sampleSize: 200_000 }));
};

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
