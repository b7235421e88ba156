import type { Histogram } from "../../kernel/Histogram.ts";
import type { BlockCounts } from "./Blocks.ts";
import type { ReplicaMeter } from "./ReplicaMeter.ts";

/** What an engine tells the gateway. Each attempt that was taken ends in exactly one of finished, released and failed. */
export interface EngineListener {
  firstToken(attempt: number): void;
  finished(attempt: number): void;
  /** A canceled attempt has left the engine; it had generated so many tokens. */
  released(attempt: number, generatedTokens: number): void;
  /** The replica died under the attempt. */
  failed(attempt: number, generatedTokens: number): void;
  /** Blocks are allocated for an attempt of `expectTransfer`: its KV may be sent now, but for the tokens that the prefix cache has. */
  kvReserved?(attempt: number, presentTokens: number): void;
  /** Another replica of the fleet holds the attempt from now on. */
  moved?(attempt: number, replica: number): void;
}

/** One model replica: its waiting queue, its batch, its KV memory. */
export interface Engine {
  readonly meter: ReplicaMeter;
  readonly blocks: BlockCounts;
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
  /** The prefix cache forgets what it knows; what runs goes on. */
  wipeCache?(): void;
  /** Brings the meter up to now: steps that are over, and the waiting list. */
  syncMeter(): void;
  /** Starts a new measurement; `itlMs` takes the gaps between tokens, by class. */
  startMeasuring(itlMs: ReadonlyArray<Histogram>): void;
  /** Tokens that a running or waiting attempt has generated so far. */
  generated(attempt: number): number;
  /**
   * Takes an attempt whose prompt was computed elsewhere, first token included, and whose KV is at hand: at admission blocks are allocated
   * for prompt + 1 tokens, and the next token comes from a decode step. `firstTokenMs` and `admittedMs` stay as they are; no `firstToken` is
   * reported. False as for `submit`. Only stepped engines have this and the methods below.
   */
  submitTransferred?(attempt: number): boolean;
  /**
   * As `submitTransferred`, for KV that is sent after its blocks are there: the attempt waits for admission, its blocks are allocated, the
   * listener's `kvReserved` says so, and it decodes from the first step after `transferArrived` on. `cancel` gives its blocks back at once.
   */
  expectTransfer?(attempt: number): boolean;
  /** The KV of an attempt that `kvReserved` was reported for is here. */
  transferArrived?(attempt: number): void;
  /**
   * Whether a prefill-only engine still keeps the KV of an attempt that it reported as finished. It does from `finished` to `releaseKv`;
   * after a `fail` it does not. The attempt must keep its slot until then, but may be taken by another engine meanwhile.
   */
  holdsKv?(attempt: number): boolean;
  /** Gives back the KV blocks of a finished attempt of a prefill-only engine (`SchedulingSpec.prefillOnly`); nothing happens if it has none. */
  releaseKv?(attempt: number): void;
}
