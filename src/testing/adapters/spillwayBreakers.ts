import { Breaker, Phase } from "../../policy/breaker/Breaker.ts";
import type { BreakerSnapshot } from "../../policy/breaker/Breaker.ts";
import type { TripRule as OurTripRule } from "../../policy/breaker/BreakerSettings.ts";
import { Outcome } from "../../policy/breaker/Outcome.ts";
import type { CircuitBreakerSpec, TripRule } from "../breaker/BreakerSpec.ts";
import type { CircuitBreakerAdapter, Phase as ShownPhase } from "../breaker/CircuitBreakerAdapter.ts";

const SHOWN: ReadonlyMap<number, ShownPhase> = new Map([
  [Phase.Closed, "closed"],
  [Phase.Open, "open"],
  [Phase.HalfOpen, "halfOpen"],
]);
const OUTCOMES = { success: Outcome.Success, failure: Outcome.Failure, ignored: Outcome.Ignored };
const PROMISES = { openForMs: 1000, probeLeaseMs: 5000, releasedAtOnce: 10 };
/** A restored breaker runs on another machine's monotone clock. */
const OTHER_CLOCK_MS = 12_345_678;

/** Spillway's own breaker, one adapter per trip rule, on a monotone clock. */
export const spillwayBreakers = (): ReadonlyArray<CircuitBreakerAdapter> => [
  adapter("spillway-consecutive", { ...PROMISES, trip: { consecutive: 2 } }),
  adapter("spillway-count", { ...PROMISES, trip: { rate: { ...AT_OR_OVER, minCalls: 2, window: { calls: 4 } } } }),
  adapter("spillway-time", { ...PROMISES, trip: { rate: { ...AT_OR_OVER, minCalls: 2, window: { ms: 10_000, bucketMs: 1000 } } } }),
];

const AT_OR_OVER = { thresholdRatio: 0.5, comparison: "at-or-over" } as const;

const adapter = (name: string, spec: CircuitBreakerSpec): CircuitBreakerAdapter => ({
  family: "breaker",
  name,
  laboratory: { answering: "sync" },
  features: { ignoring: true, permits: true, restoring: true },
  spec,
  make: (settings, laboratory, { state, spec: asked }) => {
    const ours = {
      trip: tripOf(settings.trip),
      openForMs: settings.openForMs,
      probes: settings.probes ?? 1,
      successesNeeded: settings.successesNeeded ?? 1,
      probeLeaseMs: asked.probeLeaseMs,
    };
    const now = (): number => laboratory.elapsedMs + (state === undefined ? 0 : OTHER_CLOCK_MS);
    const breaker = state === undefined ? new Breaker(ours) : Breaker.restore(ours, state as BreakerSnapshot, now());
    return {
      admit: () => {
        const permit = breaker.admit(now());
        return permit < 0 ? undefined : { settle: (outcome) => breaker.settle(permit, OUTCOMES[outcome], now()) };
      },
      phase: () => SHOWN.get(breaker.phase) ?? "closed",
      exportState: () => breaker.export(now()),
    };
  },
});

const tripOf = (trip: TripRule): OurTripRule => {
  if ("consecutive" in trip) return { kind: "consecutive", failures: trip.consecutive };
  const { minCalls, thresholdRatio: failureRatio, window } = trip.rate;
  return "calls" in window
    ? { kind: "count", size: window.calls, minCalls, failureRatio }
    : { kind: "time", windowMs: window.ms, buckets: Math.round(window.ms / window.bucketMs), minCalls, failureRatio };
};
