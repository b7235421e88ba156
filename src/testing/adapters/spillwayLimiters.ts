import { Composite } from "../../policy/limiter/Composite.ts";
import { FixedWindow } from "../../policy/limiter/FixedWindow.ts";
import { Gcra } from "../../policy/limiter/Gcra.ts";
import { KeyedLimiter } from "../../policy/limiter/KeyedLimiter.ts";
import { LeakyMeter } from "../../policy/limiter/LeakyMeter.ts";
import type { RateLimiter } from "../../policy/limiter/RateLimiter.ts";
import { SlidingCounter } from "../../policy/limiter/SlidingCounter.ts";
import { SlidingLog } from "../../policy/limiter/SlidingLog.ts";
import { TokenBucket } from "../../policy/limiter/TokenBucket.ts";
import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { LimiterSettings, RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";

const RATE: LimiterSettings = { limit: 5, windowMs: 1000 };
const BUCKET: RateLimiterSpec = { ...RATE, bound: { bucket: { capacity: 5, perSecond: 5 } }, fullAfterMs: 1000, exact: true };
const WINDOW: RateLimiterSpec = { ...RATE, bound: { window: { limit: 5, ms: 1000 } }, fullAfterMs: 1000 };
const EDGE: RateLimiterSpec = { ...WINDOW, declaredBound: { edge: { limit: 5, ms: 1000 } } };

/** Spillway's own limiters, as they are used in process: many keys, a monotone clock. */
export const spillwayLimiters = (): ReadonlyArray<RefusingAdapter> => [
  adapter("spillway-gcra", BUCKET, (rate) => new Gcra(refill(rate))),
  adapter("spillway-token-bucket", BUCKET, (rate) => new TokenBucket(refill(rate))),
  // nginx counts thousandths of a permit in whole milliseconds; the first permit is not one of its burst.
  adapter(
    "spillway-leaky-meter",
    BUCKET,
    ({ limit, windowMs }) => new LeakyMeter({ permitsPerSecond: (limit * 1000) / windowMs, burst: limit - 1 }),
  ),
  adapter("spillway-aligned-window", EDGE, (rate) => new FixedWindow({ ...rate, anchored: false })),
  adapter("spillway-fixed-window", EDGE, (rate) => new FixedWindow({ ...rate, anchored: true })),
  adapter("spillway-sliding-log", WINDOW, (rate) => new SlidingLog(rate)),
  {
    ...adapter("spillway-sliding-counter", { ...EDGE, fullAfterMs: 2000, declaredUseRatio: 0.75 }, (rate) => new SlidingCounter(rate)),
    declared: { "L-13 rate": "the weight of the last window is never 0 at an edge: three quarters of the permits are used" },
  },
  composite(),
];

const refill = ({ limit, windowMs }: LimiterSettings) => ({ permits: limit, perMs: windowMs, burst: limit });

/** Three limits at once, each of which binds at times. */
const composite = (): RefusingAdapter => {
  const partsOf = (rate: LimiterSettings) => [
    new Gcra(refill(rate)),
    new SlidingLog({ limit: Math.ceil(1.6 * rate.limit), windowMs: rate.windowMs }),
    new TokenBucket({ permits: 2 * rate.limit, perMs: rate.windowMs, burst: Math.ceil(1.2 * rate.limit) }),
  ];
  const all = adapter("spillway-composite", { ...BUCKET, exact: false }, (rate) => new Composite(partsOf(rate) as never));
  return {
    ...all,
    features: { ...all.features, parts: true },
    make: (settings, laboratory) => {
      const parts = partsOf(settings) as unknown as ReadonlyArray<RateLimiter<unknown>>;
      const limiter = new Composite(parts);
      const keyed = new KeyedLimiter(limiter, { maxKeys: 1000, whenFull: "refuse" });
      const states = new Map<string, ReadonlyArray<unknown>>();
      const stateOf = (key: string): ReadonlyArray<unknown> => {
        const state = states.get(key) ?? limiter.open(laboratory.readingMs);
        states.set(key, state);
        return state;
      };
      // The table of keys tells nothing of parts, so their states are kept here as well and must agree.
      return {
        consume: ({ key, cost }) => {
          const waitMs = keyed.take(key, cost, laboratory.readingMs);
          if (limiter.take(stateOf(key), cost, laboratory.readingMs) !== waitMs)
            throw new Error("the table decides otherwise than the limiter");
          return waitMs === 0 ? { admitted: true } : { admitted: false, waitMs };
        },
        liveKeys: () => keyed.keys,
        partsLeft: (key) => parts.map((part, index) => part.remaining(stateOf(key)[index], laboratory.readingMs)),
      };
    },
  };
};

const adapter = <S>(name: string, spec: RateLimiterSpec, limiterOf: (rate: LimiterSettings) => RateLimiter<S>): RefusingAdapter => ({
  family: "limiter",
  behavior: "refuses",
  name,
  laboratory: { answering: "sync" },
  features: { costs: true, hints: true, countsKeys: true, reconfiguring: true, readings: true },
  spec,
  make: ({ limit, windowMs }, laboratory) => {
    const limiter = new KeyedLimiter(limiterOf({ limit, windowMs }), { maxKeys: 1000, whenFull: "refuse" });
    return {
      consume: ({ key, cost }) => {
        const waitMs = limiter.take(key, cost, laboratory.readingMs);
        return waitMs === 0 ? { admitted: true } : { admitted: false, waitMs };
      },
      liveKeys: () => limiter.keys,
      reconfigure: (rate) => limiter.reconfigure(limiterOf(rate), laboratory.elapsedMs),
    };
  },
});
