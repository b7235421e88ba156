/** What a gateway knows of its replicas; arrays are indexed by replica and hold at least `count` entries. */
export interface FleetView {
  readonly count: number;
  /** Attempts sent and not finished. */
  readonly outstanding: Int32Array;
  /** 1 = may be chosen (up and below its in-flight limit), else 0. */
  readonly available: Uint8Array;
  /** >= 1. */
  readonly weight: Int32Array;
  /** 1 = backup: may be chosen only when no primary is available, whatever the policy. */
  readonly backup: Uint8Array;
}

/** What a gateway knows of an attempt before it forwards it. */
export interface RouteRequest {
  promptTokens: number;
  /** A whole number that names the prompt's beginning; 0 = none. */
  prefixHash: number;
  classIndex: number;
}

/** How an attempt that was sent to a replica came to its end. */
export const RouteEnd = {
  /** The replica refused it, broke, or let a time limit pass. */
  Failed: 0,
  Completed: 1,
  /** The client hung up; says nothing about the replica. */
  Cancelled: 2,
} as const;

/**
 * Chooses the replica of one attempt. A policy keeps its own state (cursors, currents) and belongs to one gateway.
 * `pick` answers the index of an available replica, a primary if one is available, or -1 when nobody is.
 * `draw` gives uniform numbers in [0, 1) and is called only by policies that say so. A pick allocates nothing.
 * `nowMs` never decreases; policies that say so need it, and 0 stands in where it is missing.
 * The optional methods are what some policies learn from: a gateway calls them where they exist.
 */
export interface RouterPolicy {
  readonly name: string;
  pick(fleet: FleetView, request: RouteRequest, draw: () => number, nowMs?: number): number;
  /** The attempt that was just picked for was forwarded. */
  sent?(replica: number, nowMs: number): void;
  /** Exactly once for each `sent`: `how` is a `RouteEnd`, `latencyMs` the time since it was sent. */
  ended?(replica: number, how: number, latencyMs: number, nowMs: number): void;
  /** The replica is new, or is back after it was down; not for the fleet that a gateway starts with. */
  joined?(replica: number, nowMs: number): void;
  /** After a pick that answered -1: when to ask again though nothing else happens; Infinity for never. */
  reopensAtMs?(nowMs: number): number;
}
