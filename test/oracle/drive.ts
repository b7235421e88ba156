import { Kernel, Phase } from "../../src/kernel/Kernel.ts";
import { Streams } from "../../src/kernel/Streams.ts";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { Attempts } from "../../src/serving/Attempts.ts";
import { BlockLists } from "../../src/serving/engine/BlockLists.ts";
import type { ReplicaMeter } from "../../src/serving/engine/ReplicaMeter.ts";
import { SteppedReplica } from "../../src/serving/engine/stepped/SteppedReplica.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";

/** One attempt for a stepped engine. */
export interface Job {
  readonly atMs: number;
  readonly prompt: number;
  readonly output: number;
  readonly classIndex?: number;
  /** Content of the prompt; the job's own number by default. */
  readonly stream?: number;
  /** The prompt's KV and the first token are there already, or are sent so long after the reservation. */
  readonly transferred?: boolean;
  readonly transferMs?: number;
  readonly cancelMs?: number;
}

export interface Answer {
  admittedMs: number;
  firstMs: number;
  endMs: number;
  end: "finished" | "released" | "failed" | "refused" | undefined;
  tokens: number;
  cached: number;
}

export interface Driven {
  readonly answers: ReadonlyArray<Answer>;
  readonly meter: ReplicaMeter;
  readonly replica: SteppedReplica;
  /** Jobs in the order in which they ended. */
  readonly order: ReadonlyArray<number>;
}

/** A plain engine: 1 ms per step and 0.01 ms per sequence, prompts free, plenty of memory. */
export const ENGINE: EngineSpec = {
  maxBatchedTokens: 2048,
  maxSequences: 64,
  maxModelTokens: 100_000,
  blockTokens: 16,
  kvBlocks: 4096,
  prefixCache: false,
  reserveFullPrompt: true,
  maxWaiting: 100_000,
  scheduling: {},
  step: { a: 1, b: 2 ** -7, c: 0, d: 2 ** -10, e: 0, h: 0 },
};

export interface DriveOptions {
  readonly priorities?: ReadonlyArray<number>;
  /** Called after each event with the time. */
  readonly watch?: (replica: SteppedReplica, attempts: Attempts, nowMs: number) => void;
  /** Kept KV of a prefill-only engine is released so long after the end. */
  readonly releaseAfterMs?: number;
}

/** Runs jobs on one stepped replica until it rests. */
export const drive = (engine: EngineSpec, jobs: ReadonlyArray<Job>, options: DriveOptions = {}): Driven => {
  const kernel = new Kernel({ grid: TimeGrid.forHorizon(1e8) });
  const attempts = new Attempts();
  const slots = new Int32Array(jobs.length).fill(-1);
  const order: Array<number> = [];
  const answers: Array<Answer> = jobs.map(() => ({ admittedMs: NaN, firstMs: NaN, endMs: NaN, end: undefined, tokens: 0, cached: 0 }));
  const end = (slot: number, how: Answer["end"], tokens: number): void => {
    const id = attempts.request.at[slot]!;
    const answer = answers[id]!;
    answer.end = how;
    answer.endMs = kernel.now;
    answer.tokens = tokens;
    answer.admittedMs = attempts.admittedMs.at[slot]!;
    answer.cached = attempts.cachedTokens.at[slot]!;
    slots[id] = -1;
    order.push(id);
    if (options.releaseAfterMs === undefined) attempts.give(slot);
    else kernel.post(kernel.now + options.releaseAfterMs, actor, 3, slot, Phase.Arrival);
  };
  const tokensOf = (slot: number): number => attempts.total.at[slot]! - attempts.promptTokens.at[slot]!;
  const actor = kernel.join({
    wake: (op, ref) => {
      if (op === 0) submit(ref);
      else if (op === 1 && slots[ref]! >= 0) replica.cancel(slots[ref]!);
      else if (op === 2) replica.transferArrived(ref);
      else if (op === 3) {
        replica.releaseKv(ref);
        attempts.give(ref);
      }
    },
  });
  const replica = new SteppedReplica({
    engine,
    kernel,
    attempts,
    blockLists: new BlockLists(),
    classes: options.priorities?.length ?? 2,
    priorities: options.priorities ?? [0, 0],
    streams: new Streams(1),
    listener: {
      firstToken: (slot) => void (answers[attempts.request.at[slot]!]!.firstMs = kernel.now),
      finished: (slot) => end(slot, "finished", tokensOf(slot)),
      released: (slot, tokens) => end(slot, "released", tokens),
      failed: (slot, tokens) => end(slot, "failed", tokens),
      kvReserved: (slot) => {
        const { transferMs = 0 } = jobs[attempts.request.at[slot]!]!;
        kernel.post(kernel.now + transferMs, actor, 2, slot, Phase.Arrival);
      },
    },
  });
  const submit = (id: number): void => {
    const job = jobs[id]!;
    const slot = attempts.take();
    attempts.request.at[slot] = id;
    attempts.classIndex.at[slot] = job.classIndex ?? 0;
    attempts.promptTokens.at[slot] = job.prompt;
    attempts.outputTokens.at[slot] = job.output;
    attempts.prefixTokens.at[slot] = attempts.prefixKey.at[slot] = 0;
    attempts.streamKey.at[slot] = 1000 + (job.stream ?? id);
    attempts.traceBlockTokens.at[slot] = 1;
    attempts.traceKeys.set(slot, undefined);
    attempts.admittedMs.at[slot] = attempts.firstTokenMs.at[slot] = NaN;
    slots[id] = slot;
    const taken =
      job.transferMs !== undefined
        ? replica.expectTransfer(slot)
        : job.transferred === true
          ? replica.submitTransferred(slot)
          : replica.submit(slot);
    if (taken) return;
    answers[id]!.end = "refused";
    slots[id] = -1;
    attempts.give(slot);
  };
  jobs.forEach((job, id) => {
    kernel.post(job.atMs, actor, 0, id, Phase.Arrival);
    if (job.cancelMs !== undefined) kernel.post(job.cancelMs, actor, 1, id, Phase.Timeout);
  });
  for (let events = 0; kernel.runFor(1, Infinity) === "more"; events++) {
    options.watch?.(replica, attempts, kernel.now);
    if (events > 5_000_000) throw new Error("the replica never comes to rest");
  }
  return { answers, meter: replica.meter, replica, order };
};
