import type { OutlierSettings } from "./OutlierEjection.ts";
import type { SlowStartSettings } from "./SlowStart.ts";

/** Which router policy a gateway uses, its parameters, and what is put around it. */
export type RouterSpec = RouterChoice & {
  readonly slowStart?: SlowStartSettings;
  readonly outlierEjection?: OutlierSettings;
};

/** A router policy by itself. */
export type RouterChoice =
  | { readonly kind: "roundRobin" }
  | { readonly kind: "random" }
  /** nginx smooth weighted round robin over `weight`. */
  | { readonly kind: "weighted" }
  | { readonly kind: "leastOutstanding" }
  | { readonly kind: "powerOfTwo" }
  /** Rendezvous hashing on the prompt's prefix; least outstanding when the favorite would hold more than `loadFactor` (>= 1) times the mean. */
  | { readonly kind: "prefixAffinity"; readonly loadFactor: number }
  /** A ring on the prompt's prefix; the next one on it when a replica would hold more than `loadFactor` (>= 1) times its share. */
  | { readonly kind: "consistentHash"; readonly loadFactor: number; readonly virtualNodes: number }
  /** nginx's upstream group: weighted, with `max_fails` and `fail_timeout`. */
  | { readonly kind: "nginx"; readonly maxFails: number; readonly failTimeoutMs: number }
  /** nginx's `least_conn`: fewest outstanding per weight, with `max_fails` and `fail_timeout`. */
  | { readonly kind: "leastConnections"; readonly maxFails: number; readonly failTimeoutMs: number }
  /** Of two random choices the smaller latency estimate times load; `peakEwma` takes a higher latency over at once. */
  | { readonly kind: "ewma"; readonly decayMs: number }
  | { readonly kind: "peakEwma"; readonly decayMs: number };
