import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RateLimiter } from "../../../src/policy/limiter/index.ts";
import {
  Composite,
  FixedWindow,
  Gcra,
  KeyedLimiter,
  LeakyMeter,
  SlidingCounter,
  SlidingLog,
  TokenBucket,
} from "../../../src/policy/limiter/index.ts";
import { PolicyFault } from "../../../src/policy/PolicyFault.ts";
import type { Call } from "./Histories.ts";
import { addMs, calls } from "./Histories.ts";

interface Kind {
  readonly name: string;
  readonly limiter: RateLimiter<any>;
  readonly smaller: RateLimiter<any>;
  /** Most that passes in t ms, both ends included. */
  readonly bound: (ms: number) => number;
  readonly stepMs: number;
  readonly idle: boolean;
}

const REFILL = { permits: 7, perMs: 1000, burst: 5 };
const WINDOW = { limit: 5, windowMs: 1000 };
/** Whole windows in an interval; differences of instants are rounded to the clock's microseconds. */
const windows = (ms: number, windowMs = 1000) => Math.floor(Math.round(ms * 1000) / (windowMs * 1000));
const KINDS: ReadonlyArray<Kind> = [
  {
    name: "tokenBucket",
    limiter: new TokenBucket(REFILL),
    smaller: new TokenBucket({ permits: 3, perMs: 1000, burst: 3 }),
    bound: (ms) => 5 + ms * 0.007,
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "gcra",
    limiter: new Gcra(REFILL),
    smaller: new Gcra({ permits: 3, perMs: 1000, burst: 3 }),
    bound: (ms) => 5 + ms * 0.007,
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "aligned window",
    limiter: new FixedWindow({ ...WINDOW, anchored: false }),
    smaller: new FixedWindow({ limit: 3, windowMs: 700, anchored: false }),
    bound: (ms) => 5 * (windows(ms) + 2),
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "anchored window",
    limiter: new FixedWindow({ ...WINDOW, anchored: true }),
    smaller: new FixedWindow({ limit: 3, windowMs: 700, anchored: true }),
    bound: (ms) => 5 * (windows(ms) + 2) - (ms < 1000 ? 1 : 0),
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "slidingCounter",
    limiter: new SlidingCounter(WINDOW),
    smaller: new SlidingCounter({ limit: 3, windowMs: 700 }),
    bound: (ms) => 5 * (windows(ms) + 2) - 1,
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "slidingLog",
    limiter: new SlidingLog(WINDOW),
    smaller: new SlidingLog({ limit: 3, windowMs: 700 }),
    bound: (ms) => 5 * (windows(ms) + 1),
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "leakyMeter",
    limiter: new LeakyMeter({ permitsPerSecond: 7, burst: 4 }),
    smaller: new LeakyMeter({ permitsPerSecond: 3, burst: 2 }),
    bound: (ms) => 5 + (Math.ceil(ms) + 1) * 0.007,
    stepMs: 0.001,
    idle: true,
  },
  {
    name: "composite",
    limiter: new Composite([
      new TokenBucket(REFILL),
      new SlidingLog({ limit: 6, windowMs: 2000 }),
      new FixedWindow({ limit: 9, windowMs: 3000, anchored: false }),
    ]),
    smaller: new Composite([
      new TokenBucket({ permits: 3, perMs: 1000, burst: 3 }),
      new SlidingLog({ limit: 4, windowMs: 900 }),
      new FixedWindow({ limit: 3, windowMs: 3000, anchored: false }),
    ]),
    bound: (ms) => Math.min(5 + ms * 0.007, 6 * (windows(ms, 2000) + 1)),
    stepMs: 0.001,
    idle: true,
  },
];
const THRESHOLDS = [142.857, 143, 428.571, 714.286, 1000, 2000];
const history = calls(THRESHOLDS, 7);

// A passing `expect` costs more than a decision, and there are millions: it is asked only to describe what failed.
const atMost = (value: number, bound: number): void => void (value <= bound || expect(value).toBeLessThanOrEqual(bound));
const above = (value: number, bound: number): void => void (value > bound || expect(value).toBeGreaterThan(bound));
const same = (value: unknown, expected: unknown): void =>
  void (isDeepStrictEqual(value, expected) || expect(value).toStrictEqual(expected));

function run(kind: Kind, list: ReadonlyArray<Call>, each: (call: Call, nowMs: number, state: any) => void): void {
  let nowMs = 12_345;
  const state = kind.limiter.open(nowMs);
  for (const call of list) {
    nowMs = addMs(nowMs, call.gapMs);
    each(call, nowMs, state);
  }
}

describe.each(KINDS)("$name", (kind) => {
  const { limiter } = kind;

  it("limiter: any history -> every interval stays within its envelope", () => {
    fc.assert(
      fc.property(history, (list) => {
        const admitted: Array<{ atMs: number; cost: number }> = [];
        run(kind, list, ({ cost }, atMs, state) => {
          // An interval that ends without an admission holds no more than the shorter one before it.
          if (limiter.take(state, cost, atMs) > 0) return;
          admitted.push({ atMs, cost });
          let sum = 0;
          for (let i = admitted.length - 1; i >= 0; i--) {
            sum += admitted[i]!.cost;
            atMost(sum, kind.bound(atMs - admitted[i]!.atMs) + 1e-6);
          }
        });
      }),
    );
  });

  it("limiter: refused -> admitted at the hint, not a microsecond before; nothing of it changed the state", () => {
    fc.assert(
      fc.property(history, (list) => {
        run(kind, list, ({ cost }, nowMs, state) => {
          const before = structuredClone(state);
          const hintMs = limiter.take(state, cost, nowMs);
          if (hintMs === 0) return;
          same(state, before);
          if (hintMs === Infinity) return above(cost, limiter.capacity);
          above(limiter.take(structuredClone(before), cost, addMs(nowMs, hintMs - kind.stepMs)), 0);
          same(limiter.take(before, cost, addMs(nowMs, hintMs)), 0);
        });
      }),
    );
  });

  it("limiter: the cost that remains -> is admitted, the next higher one is not; asking changes nothing", () => {
    fc.assert(
      fc.property(history, (list) => {
        run(kind, list, ({ cost }, nowMs, state) => {
          const before = structuredClone(state);
          const left = limiter.remaining(state, nowMs);
          atMost(left, limiter.capacity);
          if (left > 0) same(limiter.waitMs(state, left, nowMs), 0);
          above(limiter.waitMs(state, left + 1, nowMs), 0);
          same(state, before);
          limiter.take(state, cost, nowMs);
        });
      }),
    );
  });

  it("limiter: from the idle time on -> decides as a new key does", () => {
    fc.assert(
      fc.property(history, history, (list, later) => {
        let nowMs = 12_345;
        const state = limiter.open(nowMs);
        for (const call of list) limiter.take(state, call.cost, (nowMs = addMs(nowMs, call.gapMs)));
        nowMs = Math.max(nowMs, limiter.idleAtMs(state));
        expect(limiter.remaining(state, nowMs)).toBe(limiter.capacity);
        const fresh = limiter.open(nowMs);
        for (const call of later) {
          same(limiter.take(state, call.cost, nowMs), limiter.take(fresh, call.cost, nowMs));
          nowMs = addMs(nowMs, call.gapMs);
        }
      }),
    );
  });

  it("limiter: a new key -> idle at once", () => {
    for (const nowMs of [0, 999.5, 12_345.678]) expect(limiter.idleAtMs(limiter.open(nowMs))).toBeLessThanOrEqual(nowMs);
  });

  it("limiter: other settings -> what remained stays, within the new capacity", () => {
    fc.assert(
      fc.property(history, fc.boolean(), (list, shrinks) => {
        const [from, to] = shrinks ? [limiter, kind.smaller] : [kind.smaller, limiter];
        run({ ...kind, limiter: from }, list, ({ cost }, nowMs, state) => {
          from.take(state, Math.min(cost, from.capacity), nowMs);
          const left = from.remaining(state, nowMs);
          const moved = structuredClone(state);
          to.adopt(moved, from, nowMs);
          const kept = to.remaining(moved, nowMs);
          atMost(kept, Math.min(left, to.capacity));
          if (kind.name !== "composite") same(kept, Math.min(left, to.capacity));
        });
      }),
    );
  });

  it("limiter: older readings -> never more than at the newest one", () => {
    fc.assert(
      fc.property(history, fc.array(fc.constantFrom(0, 0, 0.001, 1, 500, 3_600_000), { minLength: 40, maxLength: 40 }), (list, steps) => {
        let nowMs = 1e7;
        const state = limiter.open(nowMs);
        let turn = 0;
        for (const { gapMs, cost } of list) {
          nowMs = addMs(nowMs, gapMs);
          limiter.take(state, cost, nowMs);
          const left = limiter.remaining(state, nowMs);
          // The meter takes a step back of more than a minute for one millisecond, as its model does.
          const slack = kind.name === "leakyMeter" ? 1 : 0;
          atMost(limiter.remaining(state, nowMs - steps[turn++ % 40]!), left + slack);
        }
      }),
    );
  });

  it.each([NaN, Infinity, -Infinity, 0, -0, -1, 0.5, 2 ** 53, "5" as unknown as number])(
    "limiter: cost %s -> a fault, nothing changed",
    (cost) => {
      const state = limiter.open(0);
      limiter.take(state, 2, 0);
      const before = structuredClone(state);
      expect(() => limiter.take(state, cost, 1)).toThrow(PolicyFault);
      expect(() => limiter.take(state, 1, NaN)).toThrow(PolicyFault);
      expect(state).toEqual(before);
    },
  );

  it("limiter: keys -> isolated, strange names included; the table is bounded and forgets idle keys", () => {
    const names = fc.constantFrom("", "a", "a:b", "__proto__", "constructor", "é");
    fc.assert(
      fc.property(calls(THRESHOLDS, 6), fc.array(names, { minLength: 40, maxLength: 40 }), (list, keys) => {
        const table = new KeyedLimiter(limiter, { maxKeys: 6, whenFull: "refuse" });
        const alone = new Map(keys.map((key) => [key, limiter.open(0)]));
        let nowMs = 0;
        list.forEach(({ gapMs, cost }, i) => {
          nowMs = addMs(nowMs, gapMs);
          same(table.take(keys[i]!, cost, nowMs), limiter.take(alone.get(keys[i]!), cost, nowMs));
          atMost(table.keys, 6);
        });
        for (let i = 0; i < 3; i++) table.take(`new ${i}`, 1, nowMs + 1e9);
        expect(table.keys).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe("keyedLimiter", () => {
  const bucket = new TokenBucket({ permits: 1, perMs: 1000, burst: 1 });

  it("keyedLimiter: full, refusing -> a new key waits until one is idle, then enters", () => {
    const table = new KeyedLimiter(bucket, { maxKeys: 2, whenFull: "refuse" });
    expect([table.take("a", 1, 0), table.take("b", 1, 100), table.take("c", 1, 400)]).toEqual([0, 0, 600]);
    expect(table.take("c", 1, 999)).toBe(1);
    expect(table.take("c", 1, 1000)).toBe(0);
    expect(table.keys).toBe(2);
  });

  it("keyedLimiter: full, evicting -> a new key enters and one key is forgotten", () => {
    const table = new KeyedLimiter(bucket, { maxKeys: 2, whenFull: "evict" });
    expect([table.take("a", 1, 0), table.take("b", 1, 0), table.take("c", 1, 0)]).toEqual([0, 0, 0]);
    expect([table.keys, table.evicted]).toEqual([2, 1]);
  });

  it("keyedLimiter: refused calls and impossible costs -> no key", () => {
    const table = new KeyedLimiter(bucket, { maxKeys: 2, whenFull: "refuse" });
    expect(table.take("a", 2, 0)).toBe(Infinity);
    expect(table.keys).toBe(0);
  });
});
