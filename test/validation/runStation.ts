import * as Effect from "effect/Effect";
import type { Replication } from "../../src/experiment/runReplication.ts";
import { runReplication } from "../../src/experiment/runReplication.ts";
import type { ClassMeter } from "../../src/metric/ClassMeter.ts";
import type { Run } from "./Case.ts";
import type { Station } from "./StationWorld.ts";
import { stationWorld } from "./StationWorld.ts";

/** One run of a station, with the components and through the layers of every scenario. */
export const runStation = (station: Station, run: Run): Promise<Replication> =>
  Effect.runPromise(
    runReplication(stationWorld(station), {
      seed: run.seed,
      replication: run.replication,
      timelineIntervalMs: station.horizonMs,
      sampleSize: 0,
      skipBadRows: false,
      components: {},
    }),
  );

/** Time in which so many requests arrive. */
export const horizonFor = (run: Run, perSecond: number): number => (1000 * run.requests) / perSecond;

/** The only traffic class of a station. */
export const customersOf = (run: Replication): ClassMeter => run.recorder.classes[0]!;

export const meanQueueWaitMs = (run: Replication): number => customersOf(run).queueWaitMs.mean ?? NaN;

export const meanResponseMs = (run: Replication): number => customersOf(run).e2eMs.mean ?? NaN;

/** Share of the measured requests that found no room. */
export const shedRatio = (run: Replication): number => customersOf(run).outcomes.shed / customersOf(run).requests;

/** Mean number of requests in the system, over the whole run. */
export const meanNumber = (run: Replication): number => run.recorder.inSystem.mean(run.simulatedMs);
