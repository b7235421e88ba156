import type { CircuitBreakerSpec, TripRule } from "../breaker/BreakerSpec.ts";
import type { CircuitBreakerAdapter } from "../breaker/CircuitBreakerAdapter.ts";
import { IgnoredOutcome } from "../breaker/CircuitBreakerAdapter.ts";
import { importPackage } from "./importPackage.ts";

const PROMISES = { openForMs: 1000, probeLeaseMs: 3_600_000, releasedAtOnce: 10 };

/** Breakers of cockatiel, one adapter per trip rule. Waits while half-open; reads the wall clock. */
export const cockatielBreakers = async (): Promise<ReadonlyArray<CircuitBreakerAdapter>> => {
  const cockatiel = await importPackage("cockatiel", () => import("cockatiel"));
  const { CircuitState } = cockatiel;
  const phases = {
    [CircuitState.Closed]: "closed",
    [CircuitState.Open]: "open",
    [CircuitState.Isolated]: "open",
    [CircuitState.HalfOpen]: "halfOpen",
  } as const;

  const breakerOf = (trip: TripRule) => {
    if ("consecutive" in trip) return new cockatiel.ConsecutiveBreaker(trip.consecutive);
    const { thresholdRatio: threshold, minCalls, window } = trip.rate;
    return "calls" in window
      ? new cockatiel.CountBreaker({ threshold, size: window.calls, minimumNumberOfCalls: minCalls })
      : new cockatiel.SamplingBreaker({ threshold, duration: window.ms, minimumRps: (minCalls * 1000) / window.ms });
  };

  const adapter = (name: string, spec: CircuitBreakerSpec): CircuitBreakerAdapter => ({
    family: "breaker",
    name,
    version: "cockatiel 4.0.0",
    laboratory: { answering: "turn" },
    features: { aborting: true, hooks: true, ignoring: true, restoring: true },
    spec,
    make: (settings, _laboratory, { state, hooks }) => {
      if ((settings.successesNeeded ?? 1) !== (settings.probes ?? 1))
        throw new RangeError("closes after as many successes as it has probes");
      const policy = cockatiel.circuitBreaker(
        cockatiel.handleWhen((error) => !(error instanceof IgnoredOutcome)),
        {
          breaker: breakerOf(settings.trip),
          halfOpenAfter: settings.openForMs,
          halfOpenSampling: { calls: settings.probes ?? 1, threshold: 0 },
          ...(state === undefined ? {} : { initialState: state }),
        },
      );
      policy.onStateChange(hooks.onTransition);
      return {
        execute: (work, { signal }) => policy.execute(work, signal),
        phase: () => phases[policy.state],
        exportState: () => structuredClone(policy.toJSON()),
      };
    },
  });

  const over = (thresholdRatio: number, minCalls: number) => ({ thresholdRatio, comparison: "over" as const, minCalls });
  return [
    adapter("cockatiel-consecutive", { ...PROMISES, trip: { consecutive: 2 } }),
    adapter("cockatiel-count", { ...PROMISES, trip: { rate: { ...over(0.5, 2), window: { calls: 4 } } } }),
    adapter("cockatiel-sampling", { ...PROMISES, trip: { rate: { ...over(0.5, 2), window: { ms: 10_000, bucketMs: 1000 } } } }),
  ];
};
