import * as Effect from "effect/Effect";
import type { ReplicaUse } from "../metric/ReplicaUse.ts";
import type { RequestRecord } from "../metric/RequestRecord.ts";
import type { Result } from "../metric/Result.ts";
import type { Components, WorldSpec } from "../serving/worldLayer.ts";
import type { ResultHeader } from "./assembleResult.ts";
import { assembleResult } from "./assembleResult.ts";
import { replicaUses } from "./replicaUses.ts";
import type { Progress, Replication, RunFault } from "./runReplication.ts";
import { runReplication } from "./runReplication.ts";

/** What is simulated, and what the document says of it. */
export type Experiment = WorldSpec & Omit<ResultHeader, "seed" | "repeat">;

export interface SimulateOptions {
  readonly seed: number;
  /** Independent runs, at least 1: intervals need two. */
  readonly replications?: number;
  /** The command that repeats the run, for the document. */
  readonly repeat?: string;
  readonly components?: Components;
  readonly skipBadRows?: boolean;
  /** Request records kept; a uniform sample beyond that. 10,000 unless told. */
  readonly sampleSize?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Asked now and then: true ends the run early with what is there. */
  readonly stopped?: () => boolean;
}

export interface Simulated {
  readonly result: Result;
  /** Of the first replication. */
  readonly sample: ReadonlyArray<RequestRecord>;
  readonly replicas: ReadonlyArray<ReplicaUse>;
}

const TIMELINE_POINTS = 120;
/** Request records kept unless told. */
export const SAMPLE_SIZE = 10_000;

/** Simulates a scenario and gives its result document. Same scenario, seed and replications: the same document, on every machine. */
export const simulate = Effect.fnUntraced(function* (
  experiment: Experiment,
  options: SimulateOptions,
): Effect.fn.Return<Simulated, RunFault> {
  const runs: Array<Replication> = [];
  for (let replication = 0; replication < (options.replications ?? 1); replication++) {
    const run = yield* runReplication(experiment, {
      seed: options.seed,
      replication,
      timelineIntervalMs: experiment.horizonMs / TIMELINE_POINTS,
      sampleSize: options.sampleSize ?? SAMPLE_SIZE,
      skipBadRows: options.skipBadRows ?? false,
      components: options.components ?? {},
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.stopped === undefined ? {} : { stopped: options.stopped }),
    });
    runs.push(run);
    if (run.interrupted) break;
  }
  const result = assembleResult({ ...experiment, seed: options.seed, repeat: options.repeat ?? "" }, runs);
  return {
    result,
    sample: byArrival(runs[0]!.recorder.sample),
    replicas: replicaUses(experiment.fleet, experiment.warmupMs, runs),
  };
});

const byArrival = (records: ReadonlyArray<RequestRecord>): Array<RequestRecord> =>
  records.toSorted((x, y) => x.arrivalMs - y.arrivalMs || (x.class < y.class ? -1 : x.class > y.class ? 1 : x.id - y.id));
