import type { WindowSettings } from "../../policy/limiter/WindowSettings.ts";
import type { SamplerSpec } from "../../workload/TrafficSpec.ts";

/** A server of any kind, described by its service time alone: a database, another team's API, the server of a queueing model. */
export interface StationSpec {
  /** Attempts that are served at once; Infinity = all of them. */
  readonly servers: number;
  /** Service time in ms. */
  readonly service: SamplerSpec;
  /** Added to the service time per attempt that is in service when it starts, itself left out. */
  readonly perInFlightMs: number;
  /** Share of attempts that fail when their service is over, 0..1. */
  readonly failureRatio: number;
  /** Attempts that may wait for a server; more are refused. */
  readonly maxWaiting: number;
  /** Attempts that the whole pool takes per window of time, aligned with the clock; more are refused. */
  readonly quota?: WindowSettings;
}
