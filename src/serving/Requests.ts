import type { Column } from "../kernel/SlotPool.ts";
import { Contents } from "./Contents.ts";

/**
 * All requests in flight, and all users of closed loops and conversations. A conversation or a closed-loop user keeps its slot from turn to
 * turn.
 */
export class Requests extends Contents {
  /** Counts requests of a class; draws that belong to a request are by this number. */
  declare readonly number: Column<Float64Array>;
  /** The attempt under way, or -1. */
  declare readonly attempt: Column<Int32Array>;
  /** Attempts so far. */
  declare readonly tries: Column<Int32Array>;
  /** Number within its class in the order of arrival, for the records. */
  declare readonly id: Column<Float64Array>;
  /** Ticket of a pending retry, or -1. */
  declare readonly retry: Column<Float64Array>;
  /** The last backoff, in ms. */
  declare readonly backoffMs: Column<Float64Array>;
  /** Turns of the conversation after this one. */
  declare readonly turnsLeft: Column<Int32Array>;
  /** This turn of a conversation, or this request of a closed-loop user, counted from 0. */
  declare readonly turn: Column<Int32Array>;
  /** Closed-loop user, or -1. */
  declare readonly user: Column<Int32Array>;
  /** Tokens of the conversation before this turn. */
  declare readonly contextTokens: Column<Int32Array>;
  /** 1 while the request is between arrival and outcome, 0 while its user thinks. */
  declare readonly active: Column<Int32Array>;

  constructor(capacity = 1024) {
    super(capacity);
    // In the order of Fields.ts, behind what both have.
    this.attempt = this.int32();
    this.tries = this.int32();
    this.turnsLeft = this.int32();
    this.turn = this.int32();
    this.user = this.int32();
    this.contextTokens = this.int32();
    this.active = this.int32();
    this.id = this.float64();
    this.number = this.float64();
    this.retry = this.float64();
    this.backoffMs = this.float64();
  }
}
