import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import { Gcra } from "../../policy/limiter/Gcra.ts";
import type { RateLimiter } from "../../policy/limiter/RateLimiter.ts";
import { TokenBucket } from "../../policy/limiter/TokenBucket.ts";

interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

/** Spillway's own limiters on a monotone clock; states of idle keys are dropped. */
export const spillwayLimiters = (): ReadonlyArray<RefusingAdapter> => [
  adapter("spillway-gcra", ({ limit, windowMs }) => new Gcra({ ratePerSecond: (limit * 1000) / windowMs, burst: limit })),
  adapter("spillway-token-bucket", ({ limit, windowMs }) => new TokenBucket({ ratePerSecond: (limit * 1000) / windowMs, burst: limit })),
];

const adapter = <S>(name: string, limiterOf: (rate: Rate) => RateLimiter<S>): RefusingAdapter => ({
  family: "limiter",
  behavior: "refuses",
  name,
  laboratory: { answering: "sync" },
  features: { costs: true, hints: true, countsKeys: true },
  spec: { limit: 5, windowMs: 1000, bound: { bucket: { capacity: 5, perSecond: 5 } }, fullAfterMs: 1000, exact: true },
  make: (settings, laboratory) => {
    const limiter = limiterOf(settings);
    const states = new Map<string, S>();
    const now = (): number => laboratory.elapsedMs;
    return {
      consume: ({ key, cost }) => {
        const nowMs = now();
        for (const [other, state] of states) if (limiter.idleAtMs(state) <= nowMs) states.delete(other);
        let state = states.get(key);
        if (state === undefined) states.set(key, (state = limiter.open(nowMs)));
        const waitMs = limiter.take(state, cost, nowMs);
        return waitMs === 0 ? { admitted: true } : { admitted: false, waitMs };
      },
      liveKeys: () => states.size,
    };
  },
});
