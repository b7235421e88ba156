import type { CircuitBreakerAdapter } from "../breaker/CircuitBreakerAdapter.ts";
import { IgnoredOutcome } from "../breaker/CircuitBreakerAdapter.ts";
import { importPackage } from "./importPackage.ts";

const WINDOW_MS = 10_000;

/** opossum's breaker: a failure share over a rolling window in buckets, half-open by a timer. */
export const opossumBreaker = async (): Promise<CircuitBreakerAdapter> => {
  const { default: CircuitBreaker } = await importPackage("opossum", () => import("opossum"));
  return {
    family: "breaker",
    name: "opossum",
    version: "opossum 10.0.0",
    laboratory: { answering: "turn" },
    features: { hooks: true, ignoring: true, polling: true },
    spec: {
      trip: { rate: { thresholdRatio: 0.5, comparison: "over", minCalls: 2, window: { ms: WINDOW_MS, bucketMs: WINDOW_MS / 10 } } },
      openForMs: 1000,
      probeLeaseMs: 60_000,
      releasedAtOnce: 10,
    },
    make: (settings, _laboratory, { hooks, spec }) => {
      if (!("rate" in settings.trip) || !("ms" in settings.trip.rate.window)) throw new RangeError("trips by a share over a time window");
      if ((settings.probes ?? 1) !== 1 || (settings.successesNeeded ?? 1) !== 1) throw new RangeError("has one probe");
      const breaker = new CircuitBreaker<[() => Promise<unknown>], unknown>((work) => work(), {
        timeout: spec.callTimeoutMs ?? false,
        resetTimeout: settings.openForMs,
        volumeThreshold: settings.trip.rate.minCalls,
        errorThresholdPercentage: settings.trip.rate.thresholdRatio * 100,
        rollingCountTimeout: settings.trip.rate.window.ms,
        enableSnapshots: false,
        errorFilter: (error) => error instanceof IgnoredOutcome,
        ...(spec.capacity === undefined ? {} : { capacity: spec.capacity }),
      });
      breaker.on("open", hooks.onTransition);
      breaker.on("close", hooks.onTransition);
      breaker.on("halfOpen", hooks.onTransition);
      return {
        execute: (work) => breaker.fire(work),
        phase: () => (breaker.opened ? "open" : breaker.halfOpen ? "halfOpen" : "closed"),
        dispose: () => breaker.shutdown(),
      };
    },
  };
};
