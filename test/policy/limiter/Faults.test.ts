import { describe, expect, it } from "vitest";
import type { RateLimiter } from "../../../src/policy/limiter/index.ts";
import {
  Composite,
  FixedWindow,
  Gcra,
  KeyedLimiter,
  LeakyMeter,
  LeakyQueue,
  SlidingCounter,
  SlidingLog,
  TokenBucket,
  TokenBudgets,
} from "../../../src/policy/limiter/index.ts";
import { PolicyFault } from "../../../src/policy/PolicyFault.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

const permits = "a whole number >= 1 <= 1000000000000";
const durationMs = "a finite number >= 0.001 <= 9000000000000";
const refill = { permits, burst: permits, perMs: durationMs, partsPerPermit: "a whole number >= 1 <= 1000000" };
const window = { limit: permits, windowMs: durationMs };
const [REFILL, WINDOW] = [
  { permits: 7, perMs: 1000, burst: 5 },
  { limit: 5, windowMs: 1000 },
];

describe("limiter settings", () => {
  it("limiter: a setting out of bounds -> the fault that says what it must be", () => {
    expectFaults("tokenBucket", { ...REFILL, partsPerPermit: 1 }, refill, (of) => new TokenBucket(of));
    expectFaults("gcra", { ...REFILL, partsPerPermit: 1 }, refill, (of) => new Gcra(of));
    expectFaults("fixedWindow", { ...WINDOW, anchored: true }, window, (of) => new FixedWindow(of));
    expectFaults("slidingCounter", WINDOW, window, (of) => new SlidingCounter(of));
    expectFaults("slidingLog", WINDOW, window, (of) => new SlidingLog(of));
    const meter = { permitsPerSecond: "a finite number >= 0.001 <= 1000000", burst: "a whole number >= 0 <= 1000000000" };
    expectFaults("leakyMeter", { permitsPerSecond: 7, burst: 4 }, meter, (of) => new LeakyMeter(of));
    const queue = { permits, perMs: durationMs, length: "a whole number >= 1 <= 16777216" };
    expectFaults("leakyQueue", { permits: 1, perMs: 1, length: 2 }, queue, (of) => new LeakyQueue(of));
    const keys = { maxKeys: 2, whenFull: "refuse" } as const;
    expectFaults("keyedLimiter", keys, { maxKeys: "a whole number >= 1 <= 8388608" }, (of) => new KeyedLimiter(new Gcra(REFILL), of));
  });

  it("limiter: more than doubles count exactly -> the fault that names the most", () => {
    const most = Math.floor(2 ** 51 / (86_400_000_000 / 100_000));
    const bucket = (burst: number) => new TokenBucket({ permits: 100_000, perMs: 86_400_000, burst });
    expect(bucket(most).capacity).toBe(most);
    expect(faultOf(() => bucket(most + 1))).toEqual(
      new SettingFault("tokenBucket.burst", `at most ${most} with 100000 permits per 86400000 ms`, most + 1),
    );
    // Thousandths of permits: a rate beyond whole numbers of units.
    const fine = (rate: number) => new Gcra({ permits: rate, perMs: 0.001, burst: 1, partsPerPermit: 1e6 });
    expect(faultOf(() => fine(1e10))).toEqual(
      new SettingFault("gcra.burst", `at most ${Math.floor(2 ** 51 / 1e6)} with 10000000000 permits per 0.001 ms`, 1),
    );
    expect(fine(1e9).capacity).toBe(1);
    const log = (limit: number) => new SlidingLog({ limit, windowMs: 1e6 });
    expect(log(2_251_799).capacity).toBe(2_251_799);
    expect(faultOf(() => log(2_251_800))).toEqual(
      new SettingFault("slidingLog.limit", "at most 2251799 with a window of 1000000 ms", 2_251_800),
    );
  });

  it("tokenBudgets: a setting or an argument out of bounds -> the fault that says what it must be", () => {
    const sound = {
      budgets: [{ unit: "tokens", permits: 100, perMs: 60_000, burst: 100 }] as const,
      outputCapTokens: 20,
      cachedInputCounts: false,
      leaseMs: 5000,
      maxReservations: 8,
    };
    const constraints = {
      outputCapTokens: "a whole number >= 0 <= 1000000000000",
      leaseMs: durationMs,
      maxReservations: "a whole number >= 1 <= 4194304",
    };
    expectFaults("tokenBudgets", sound, constraints, (of) => new TokenBudgets(of));
    expect(faultOf(() => new TokenBudgets({ ...sound, budgets: [] }))).toEqual(
      new SettingFault("tokenBudgets.budgets", "a whole number >= 1 <= 16", 0),
    );
    expect(faultOf(() => new TokenBudgets({ ...sound, budgets: [{ ...sound.budgets[0], permits: 0 }] }))).toEqual(
      new SettingFault("tokenBudgets.tokens.permits", permits, 0),
    );
    const budgets = new TokenBudgets(sound);
    const fault = (argument: string, most: number, value: number) =>
      new PolicyFault(`tokenBudgets.${argument}`, `a whole number from 0 to ${most}`, value);
    for (const tokens of [-1, 0.5, NaN, 1e12 + 1]) {
      expect(faultOf(() => budgets.reserve(tokens, 0, 0, 0))).toEqual(fault("inputTokens", 1e12, tokens));
      expect(faultOf(() => budgets.settle(0, 1, 0, tokens, 0))).toEqual(fault("outputTokens", 1e12, tokens));
    }
    expect(faultOf(() => budgets.reserve(10, 11, 0, 0))).toEqual(fault("cachedTokens", 10, 11));
    expect([budgets.name, budgets.reserve(10, 10, 0, 0)]).toEqual(["tokenBudgets", 0]);
  });
});

const KINDS: ReadonlyArray<readonly [string, RateLimiter<any>]> = [
  ["tokenBucket", new TokenBucket(REFILL)],
  ["gcra", new Gcra(REFILL)],
  ["fixedWindow", new FixedWindow({ ...WINDOW, anchored: false })],
  ["slidingCounter", new SlidingCounter(WINDOW)],
  ["slidingLog", new SlidingLog(WINDOW)],
  ["leakyMeter", new LeakyMeter({ permitsPerSecond: 7, burst: 4 })],
];

describe.each(KINDS)("%s", (name, limiter) => {
  it("limiter: its name; a cost that is none -> the fault that names it, also when only asked", () => {
    expect(limiter.name).toBe(name);
    const state = limiter.open(0);
    const fault = new PolicyFault(`${name}.cost`, "a whole number > 0", 0.5);
    expect([faultOf(() => limiter.take(state, 0.5, 0)), faultOf(() => limiter.waitMs(state, 0.5, 0))]).toEqual([fault, fault]);
    expect(limiter.waitMs(state, limiter.capacity + 1, 0)).toBe(Infinity);
  });
});

it("limiter: thousandths of permits -> costs in thousandths; a finer one is a fault", () => {
  const bucket = new TokenBucket({ ...REFILL, partsPerPermit: 1000 });
  const state = bucket.open(0);
  expect([bucket.take(state, 0.001, 0), bucket.remaining(state, 0)]).toEqual([0, 4.999]);
  for (const cost of [0.0005, 0, -0.001, NaN, 1e300]) {
    expect(faultOf(() => bucket.take(state, cost, 0))).toEqual(new PolicyFault("tokenBucket.cost", "a multiple of 1/1000, > 0", cost));
  }
});

it("composite: its name; the capacity of its smallest part", () => {
  const parts = [new TokenBucket(REFILL), new SlidingLog({ limit: 3, windowMs: 1000 }), new SlidingCounter(WINDOW)];
  const composite = new Composite(parts);
  expect([composite.name, composite.capacity]).toEqual(["composite", 3]);
});
