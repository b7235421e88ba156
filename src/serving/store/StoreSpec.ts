import type { SamplerSpec } from "../../workload/TrafficSpec.ts";

/** The shared store (Redis) that limiters and caches of a gateway ask. */
export interface StoreSpec {
  /** Round trip of one script call, in ms. */
  readonly latency: SamplerSpec;
  /** How long a caller waits for a reply before it decides without one. */
  readonly timeoutMs: number;
  /** What a limiter decides without a reply. */
  readonly onFailure: "open" | "closed";
}
