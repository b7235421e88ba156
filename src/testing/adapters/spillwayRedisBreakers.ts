import { RedisBreaker } from "../../live/redis/RedisBreaker.ts";
import { Phase } from "../../policy/breaker/Breaker.ts";
import { Outcome } from "../../policy/breaker/Outcome.ts";
import type { CircuitBreakerSpec } from "../breaker/BreakerSpec.ts";
import type { CircuitBreakerAdapter, Phase as ShownPhase } from "../breaker/CircuitBreakerAdapter.ts";
import { scriptStore, through } from "./scriptStore.ts";
import type { ScriptStore } from "./scriptStore.ts";

const SHOWN: ReadonlyMap<number, ShownPhase> = new Map([
  [Phase.Closed, "closed"],
  [Phase.Open, "open"],
  [Phase.HalfOpen, "halfOpen"],
]);
const OUTCOMES = { success: Outcome.Success, failure: Outcome.Failure, ignored: Outcome.Ignored };
const MONTH_MS = 30 * 86_400_000;
const PROMISES = { openForMs: 1000, probeLeaseMs: 5000, releasedAtOnce: 10, forgottenAfterMs: 2 * MONTH_MS };

/** Spillway's breaker shared through Redis: two nodes, one breaker, on the store's clock. */
export const spillwayRedisBreakers = async (): Promise<ReadonlyArray<CircuitBreakerAdapter & { readonly close?: () => Promise<void> }>> => {
  const store = await scriptStore();
  const rate = { thresholdRatio: 0.5, comparison: "at-or-over", minCalls: 2, window: { calls: 4 } } as const;
  return [
    adapter("spillway-redis-consecutive", { ...PROMISES, trip: { consecutive: 2 } }, store),
    adapter("spillway-redis-count", { ...PROMISES, trip: { rate } }, store),
  ];
};

const adapter = (name: string, spec: CircuitBreakerSpec, { redis, version, close }: ScriptStore) => ({
  family: "breaker" as const,
  name,
  version,
  ...(close === undefined ? {} : { close }),
  laboratory: { answering: "io" as const, turns: 3 },
  features: { ignoring: true, permits: true, nodes: 2 },
  spec,
  make: ((settings, laboratory, { spec: asked }) => {
    const { trip } = settings;
    if ("rate" in trip && "ms" in trip.rate.window) throw new RangeError("trips by failures in a row or by a count of calls");
    const breaker = new RedisBreaker(through(laboratory, redis), {
      trip:
        "consecutive" in trip
          ? { kind: "consecutive", failures: trip.consecutive }
          : {
              kind: "count",
              size: "calls" in trip.rate.window ? trip.rate.window.calls : 1,
              minCalls: trip.rate.minCalls,
              failureRatio: trip.rate.thresholdRatio,
            },
      openForMs: settings.openForMs,
      probes: settings.probes ?? 1,
      successesNeeded: settings.successesNeeded ?? 1,
      probeLeaseMs: asked.probeLeaseMs,
      prefix: laboratory.uniqueKey("breaker"),
      attemptTtlMs: 60_000,
      idleTtlMs: 2 * MONTH_MS,
    });
    let attempts = 0;
    let phase: ShownPhase = "closed";
    const show = (shown: number): void => {
      phase = SHOWN.get(shown) ?? "closed";
    };
    return {
      admit: async () => {
        const reply = await breaker.admit("k", `${++attempts}`, laboratory.time.trueMs);
        show(reply.phase);
        if (!reply.admitted) return undefined;
        return {
          settle: async (outcome) =>
            show((await breaker.settle(reply.permit, `${++attempts}`, OUTCOMES[outcome], 0, laboratory.time.trueMs)).phase),
        };
      },
      phase: () => phase,
    };
  }) satisfies CircuitBreakerAdapter["make"],
});
