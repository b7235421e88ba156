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

/**
 * Chooses the replica of one attempt. A policy keeps its own state (cursors, currents) and belongs to one gateway.
 * `pick` answers the index of an available replica, a primary if one is available, or -1 when nobody is.
 * `draw` gives uniform numbers in [0, 1) and is called only by policies that say so. A pick allocates nothing.
 */
export interface RouterPolicy {
  readonly name: string;
  pick(fleet: FleetView, request: RouteRequest, draw: () => number): number;
}
