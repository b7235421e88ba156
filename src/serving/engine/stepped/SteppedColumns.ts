import type { Column } from "../../../kernel/SlotPool.ts";
import type { Attempts } from "../../Attempts.ts";

/** What keeps a sequence of the batch from being scheduled. `Done` waits for the others of a static batch. */
export const Hold = { None: 0, InStep: 1, Loading: 2, Done: 3 } as const;

/** Where the KV of a waiting attempt is. `Expected` arrives after its blocks are allocated. */
export const Origin = { Nowhere: 0, Transferred: 1, Expected: 2, Swapped: 3 } as const;

/** What stepped engines remember of each attempt, beside the columns that all engines use. */
export class SteppedColumns {
  /** Number of tokens at which the sequence ends. */
  declare readonly stopTokens: Column<Int32Array>;
  declare readonly heldBlocks: Column<Int32Array>;
  /** One of Hold. */
  declare readonly hold: Column<Int32Array>;
  /** One of Origin. */
  declare readonly origin: Column<Int32Array>;
  /** Data-parallel rank. */
  declare readonly rank: Column<Int32Array>;
  /** Order of arrival at the replica. */
  declare readonly queued: Column<Float64Array>;
  /** When the latest token came. */
  declare readonly lastTokenMs: Column<Float64Array>;
  /** When the KV that is being loaded is there. */
  declare readonly readyMs: Column<Float64Array>;
  /** Of a sequence whose KV is being loaded: tokens that were here before. */
  declare readonly presentTokens: Column<Int32Array>;
  /** Names the draws of the request. */
  declare readonly drawKey: Column<Int32Array>;

  constructor(attempts: Attempts) {
    this.stopTokens = attempts.int32();
    this.heldBlocks = attempts.int32();
    this.hold = attempts.int32();
    this.origin = attempts.int32();
    this.rank = attempts.int32();
    this.queued = attempts.float64();
    this.lastTokenMs = attempts.float64();
    this.readyMs = attempts.float64();
    this.presentTokens = attempts.int32();
    this.drawKey = attempts.int32();
  }
}

const known = new WeakMap<Attempts, SteppedColumns>();

/** The columns of a table of attempts; made at the first call, so that other worlds do not carry them. */
export const steppedColumns = (attempts: Attempts): SteppedColumns => {
  const columns = known.get(attempts) ?? new SteppedColumns(attempts);
  known.set(attempts, columns);
  return columns;
};
