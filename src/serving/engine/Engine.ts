import type { Histogram } from "../../kernel/Histogram.ts";
import type { Blocks } from "./Blocks.ts";
import type { ReplicaMeter } from "./ReplicaMeter.ts";

/** What an engine tells the gateway. Each attempt that was taken ends in exactly one of finished, released and failed. */
export interface EngineListener {
  firstToken(attempt: number): void;
  finished(attempt: number): void;
  /** A canceled attempt has left the engine; it had generated so many tokens. */
  released(attempt: number, generatedTokens: number): void;
  /** The replica died under the attempt. */
  failed(attempt: number, generatedTokens: number): void;
}

/** One model replica: its waiting queue, its batch, its KV memory. */
export interface Engine {
  readonly meter: ReplicaMeter;
  readonly blocks: Blocks;
  /** Longest sequence that this replica can hold: the model's limit or the whole KV cache. */
  readonly maxTokens: number;
  readonly up: boolean;
  readonly waitingCount: number;
  readonly runningCount: number;
  /** KV tokens of the decoding sequences now. */
  readonly kvTokensNow: number;
  /** Takes an attempt into the waiting queue; false when the prompt can never fit, the queue is full or the replica is down. */
  submit(attempt: number): boolean;
  /** The user is gone: a waiting attempt leaves at once, a running one at the next step boundary. */
  cancel(attempt: number): void;
  /** The replica dies: everything it holds fails now, its caches are lost. */
  fail(): void;
  recover(): void;
  /** From the next step boundary on, every step takes `factor` times its nominal duration. */
  slowDown(factor: number): void;
  /** Brings the meter up to now: steps that are over, and the waiting list. */
  syncMeter(): void;
  /** Starts a new measurement; `itlMs` takes the gaps between tokens, by class. */
  startMeasuring(itlMs: ReadonlyArray<Histogram>): void;
  /** Tokens that a running or waiting attempt has generated so far. */
  generated(attempt: number): number;
}
