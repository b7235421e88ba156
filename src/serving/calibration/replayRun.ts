import { Kernel, Phase } from "../../kernel/Kernel.ts";
import { TimeGrid } from "../../kernel/TimeGrid.ts";
import { Attempts } from "../Attempts.ts";
import { BlockLists } from "../engine/BlockLists.ts";
import type { Engine } from "../engine/Engine.ts";
import { engineOf } from "../engine/engineOf.ts";
import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import { overheadMs } from "../machine/RequestOverhead.ts";
import type { EngineSpec } from "../ServingSpec.ts";
import type { RunRecord } from "./RunRecord.ts";

/** What a recorded run is simulated for. */
export interface Replayed {
  /** In the order of the records; NaN times for requests that the engine refused. */
  readonly records: ReadonlyArray<RunRecord>;
  /** Looks at the engine at `sampleMs`, `2 sampleMs`, ... from the first arrival on; empty without `sampleMs`. */
  readonly samples: ReadonlyArray<ReplaySample>;
  readonly preemptions: number;
  readonly steps: number;
}

export interface ReplaySample {
  readonly atMs: number;
  readonly running: number;
  readonly waiting: number;
  /** Share of the KV blocks that sequences hold, 0..1. */
  readonly kvRatio: number;
}

export interface ReplayOptions {
  /** What prompts wait for before they reach the engine; nothing if absent. */
  readonly requestOverhead?: RequestOverhead | undefined;
  readonly sampleMs?: number;
}

/** Events allowed per request before the run counts as one that never ends. */
const EVENTS_PER_REQUEST = 20_000;

/**
 * Sends the arrivals and lengths of a run through our own engine: through a replica of its own for each that the records name, else through
 * one. Nobody cancels, and no prefix is shared; a retried request comes once, when it first arrived. Samples, preemptions and steps are those of
 * all replicas together.
 */
export const replayRun = (records: ReadonlyArray<RunRecord>, engine: EngineSpec, options: ReplayOptions = {}): Replayed => {
  const originMs = records.reduce((first, record) => Math.min(first, record.arrivalMs), Infinity);
  const lastMs = records.reduce((last, record) => Math.max(last, record.arrivalMs), -Infinity);
  const kernel = new Kernel({ grid: TimeGrid.forHorizon(Math.min(2 ** 30, (lastMs - originMs) * 16 + 86_400_000)) });
  const attempts = new Attempts();
  const run = new Run(records, attempts, kernel);
  const names = new Map<string | undefined, Engine>();
  const replicas = records.map(({ replica }) => {
    const known = names.get(replica);
    if (known !== undefined) return known;
    const made = engineOf({ engine, kernel, attempts, blockLists: new BlockLists(), classes: 1, listener: run });
    names.set(replica, made);
    return made;
  });
  const engines = [...names.values()];
  const samples: Array<ReplaySample> = [];
  const actor = kernel.join({
    wake: (op, ref) => {
      if (op === OP_ARRIVE) run.arrive(ref, replicas[ref]!);
      else if (run.left > 0) {
        samples.push(sampleOf(engines, kernel.now));
        kernel.post(kernel.now + options.sampleMs!, actor, OP_SAMPLE, 0, Phase.Control);
      }
    },
  });
  const { requestOverhead } = options;
  records.forEach((record, i) => {
    const delayMs = requestOverhead === undefined ? 0 : overheadMs(requestOverhead, record.promptTokens);
    kernel.post(record.arrivalMs - originMs + delayMs, actor, OP_ARRIVE, i, Phase.Arrival);
  });
  if (options.sampleMs !== undefined) kernel.post(options.sampleMs, actor, OP_SAMPLE, 0, Phase.Control);
  if (kernel.runFor(EVENTS_PER_REQUEST * (records.length + 1), Infinity) === "more") throw new RangeError("the simulated run does not end");
  for (const each of engines) each.syncMeter();
  return {
    records: run.recordsFrom(originMs),
    samples,
    preemptions: sumOf(engines, ({ meter }) => meter.preemptions),
    steps: sumOf(engines, ({ meter }) => meter.steps),
  };
};

const OP_ARRIVE = 0;
const OP_SAMPLE = 1;

const sampleOf = (engines: ReadonlyArray<Engine>, atMs: number): ReplaySample => {
  for (const each of engines) each.syncMeter();
  return {
    atMs,
    running: sumOf(engines, (each) => each.runningCount),
    waiting: sumOf(engines, (each) => each.waitingCount),
    kvRatio: 1 - sumOf(engines, ({ blocks }) => blocks.free) / sumOf(engines, ({ blocks }) => blocks.total),
  };
};

const sumOf = (engines: ReadonlyArray<Engine>, of: (engine: Engine) => number): number => engines.reduce((sum, each) => sum + of(each), 0);

class Run {
  declare left: number;
  declare private readonly records: ReadonlyArray<RunRecord>;
  declare private readonly attempts: Attempts;
  declare private readonly kernel: Kernel;
  declare private readonly firstMs: Float64Array;
  declare private readonly lastMs: Float64Array;

  constructor(records: ReadonlyArray<RunRecord>, attempts: Attempts, kernel: Kernel) {
    this.records = records;
    this.attempts = attempts;
    this.kernel = kernel;
    this.left = records.length;
    this.firstMs = new Float64Array(records.length).fill(NaN);
    this.lastMs = new Float64Array(records.length).fill(NaN);
  }

  arrive(index: number, replica: Engine): void {
    const { attempts } = this;
    const record = this.records[index]!;
    const slot = attempts.take();
    attempts.request.at[slot] = index;
    attempts.classIndex.at[slot] = 0;
    attempts.promptTokens.at[slot] = record.promptTokens;
    attempts.outputTokens.at[slot] = record.outputTokens;
    attempts.prefixKey.at[slot] = 0;
    attempts.prefixTokens.at[slot] = 0;
    attempts.traceKeys.set(slot, undefined);
    attempts.streamKey.at[slot] = index + 1;
    attempts.arrivalMs.at[slot] = this.kernel.now;
    if (!replica.submit(slot)) this.end(slot);
  }

  firstToken(slot: number): void {
    this.firstMs[this.attempts.request.at[slot]!] = this.kernel.now;
  }

  finished(slot: number): void {
    this.lastMs[this.attempts.request.at[slot]!] = this.kernel.now;
    this.end(slot);
  }

  released(slot: number): void {
    this.end(slot);
  }

  failed(slot: number): void {
    this.end(slot);
  }

  recordsFrom(originMs: number): ReadonlyArray<RunRecord> {
    return this.records.map((record, i) => ({
      ...record,
      arrivalMs: record.arrivalMs - originMs,
      firstTokenMs: this.firstMs[i]!,
      lastTokenMs: this.lastMs[i]!,
    }));
  }

  private end(slot: number): void {
    this.left--;
    this.attempts.give(slot);
  }
}
