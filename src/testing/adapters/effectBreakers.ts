import * as Cause from "effect/Cause";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import { CircuitBreaker } from "effect/persistence";
import * as Scope from "effect/Scope";
import type { CircuitBreakerSpec, TripRule } from "../breaker/BreakerSpec.ts";
import type { CircuitBreakerAdapter, Phase } from "../breaker/CircuitBreakerAdapter.ts";
import { IgnoredOutcome } from "../breaker/CircuitBreakerAdapter.ts";

const PHASES = { Closed: "closed", Open: "open", HalfOpen: "halfOpen" } as const satisfies Record<string, Phase>;
const KEY = "backend";
const PROMISES = { openForMs: 1000, probeLeaseMs: 3_600_000, releasedAtOnce: 10, forgottenAfterMs: 3_600_000 };

/** Effect's own breaker over its memory store; nodes are breakers that share the store. */
export const effectBreakers = (): ReadonlyArray<CircuitBreakerAdapter> => [
  adapter("effect-consecutive", { ...PROMISES, trip: { consecutive: 2 } }),
  adapter("effect-rate", {
    ...PROMISES,
    trip: { rate: { thresholdRatio: 0.5, comparison: "at-or-over", minCalls: 2, window: { calls: 4 } } },
  }),
];

const adapter = (name: string, spec: CircuitBreakerSpec): CircuitBreakerAdapter => ({
  family: "breaker",
  name,
  version: "effect 4.1.0",
  laboratory: { answering: "turn", turns: 2 },
  features: { ignoring: true, nodes: 2 },
  spec,
  declared: { "B-11": "its documentation asks for a time-out inside, so a probe never hangs" },
  make: (settings) => {
    if ((settings.probes ?? 1) !== 1 || (settings.successesNeeded ?? 1) !== 1) throw new RangeError("has one probe");
    const scope = Effect.runSync(Scope.make());
    const context = Effect.runSync(Layer.buildWithScope(CircuitBreaker.layerStoreMemory(), scope));
    const breaker = Effect.runSync(
      CircuitBreaker.make({ tripPolicy: tripPolicy(settings.trip), openDuration: Duration.millis(settings.openForMs) }).pipe(
        Effect.provideContext(context),
        Scope.provide(scope),
      ),
    );
    return {
      execute: (work) =>
        Effect.tryPromise({ try: work, catch: (error) => error }).pipe(
          breaker.execute({ key: KEY, classify: (exit) => outcomeOf(exit) }),
          Effect.runPromise,
        ),
      phase: () => PHASES[Effect.runSync(breaker.state(KEY))._tag],
      dispose: () => void Effect.runFork(Scope.close(scope, Exit.void)),
    };
  },
});

const tripPolicy = (trip: TripRule): CircuitBreaker.TripPolicy => {
  if ("consecutive" in trip) return CircuitBreaker.consecutive(trip.consecutive);
  if (!("calls" in trip.rate.window)) throw new RangeError("counts the last calls, not those of a time");
  return CircuitBreaker.rate({ threshold: trip.rate.thresholdRatio, size: trip.rate.window.calls, minimumCalls: trip.rate.minCalls });
};

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success;
  return Cause.squash(exit.cause) instanceof IgnoredOutcome ? CircuitBreaker.ignored : CircuitBreaker.failure();
};
