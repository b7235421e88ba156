import fc from "fast-check";
import { expect, it } from "vitest";
import { LeakyQueue, TokenBudgets } from "../../../src/policy/limiter/index.ts";
import { addMs } from "./Histories.ts";

const SETTINGS = {
  budgets: [
    { unit: "requests", permits: 6, perMs: 60_000, burst: 6 },
    { unit: "tokens", permits: 100, perMs: 60_000, burst: 100 },
  ] as const,
  outputCapTokens: 20,
  cachedInputCounts: false,
  leaseMs: 5000,
  maxReservations: 8,
};

interface Held {
  endsUs: number;
  permits: [number, number];
}

/** The same in exact fractions and with a list of reservations. */
class Oracle {
  levels: [bigint, bigint] = [6n * 60_000_000n, 100n * 60_000_000n];
  atUs = 0;
  held = new Map<number, Held>();

  advance(nowMs: number): void {
    const us = Math.round(nowMs * 1000);
    const full = [6n, 100n].map((burst) => burst * 60_000_000n);
    this.levels = this.levels.map((level, i) => {
      const grown = level + BigInt(us - this.atUs) * [6n, 100n][i]!;
      return grown > full[i]! ? full[i]! : grown;
    }) as [bigint, bigint];
    this.atUs = us;
    for (const [id, one] of this.held) if (one.endsUs <= us) this.held.delete(id);
  }

  /** Undefined: may be reserved; else the wait in ms. */
  wait(permits: [number, number]): number | undefined {
    if (permits[0] > 6 || permits[1] > 100) return Infinity;
    const waits = permits.map((count, i) => {
      const short = BigInt(count) * 60_000_000n - this.levels[i]!;
      return short <= 0n ? 0n : (short + [6n, 100n][i]! - 1n) / [6n, 100n][i]!;
    });
    const longest = waits[0]! > waits[1]! ? waits[0]! : waits[1]!;
    return longest === 0n ? undefined : Number(longest) / 1000;
  }

  change(permits: ReadonlyArray<number>): void {
    this.levels = this.levels.map((level, i) => {
      const next = level + BigInt(permits[i]!) * 60_000_000n;
      const full = [6n, 100n][i]! * 60_000_000n;
      return next > full ? full : next;
    }) as [bigint, bigint];
  }
}

const step = fc.record({
  gapMs: fc.constantFrom(0, 0, 1, 4999, 5000, 5001, 600, 10_000, 59_999, 60_000, 0.001, 333.333),
  what: fc.constantFrom("reserve", "reserve", "settle", "refund"),
  which: fc.nat(9),
  input: fc.integer({ min: 0, max: 50 }),
  output: fc.integer({ min: 0, max: 60 }),
});

it("tokenBudgets: any history -> all or nothing, exact hints, one end per reservation, levels of exact fractions", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 6, maxLength: 40, size: "max" }), (list) => {
      const budgets = new TokenBudgets(SETTINGS);
      const oracle = new Oracle();
      const ids: Array<number> = [];
      let nowMs = 0;
      for (const { gapMs, what, which, input, output } of list) {
        nowMs = addMs(nowMs, gapMs);
        oracle.advance(nowMs);
        if (what === "reserve") {
          const permits: [number, number] = [1, input + Math.min(20, output)];
          const wait = oracle.wait(permits);
          const id = budgets.reserve(input, 0, output, nowMs);
          if (wait !== undefined) {
            expect(id).toBe(-1);
            expect(budgets.retryAfterMs).toBe(wait);
          } else if (id >= 0) {
            oracle.change(permits.map((count) => -count));
            oracle.held.set(id, { endsUs: Math.round(nowMs * 1000) + 5_000_000, permits });
            ids.push(id);
          } else expect(oracle.held.size).toBeGreaterThan(0);
        } else {
          const id = ids[which % Math.max(1, ids.length)] ?? 99;
          const held = oracle.held.get(id);
          const actual = what === "settle" ? [1, input + output] : [0, 0];
          const ended = what === "settle" ? budgets.settle(id, input, 0, output, nowMs) : budgets.refund(id, nowMs);
          expect(ended).toBe(held !== undefined);
          if (held !== undefined) oracle.change(held.permits.map((count, i) => count - actual[i]!));
          oracle.held.delete(id);
        }
        for (const i of [0, 1] as const) {
          const level = oracle.levels[i];
          const floor = level >= 0n || level % 60_000_000n === 0n ? level / 60_000_000n : level / 60_000_000n - 1n;
          expect(budgets.level(i, nowMs)).toBe(Number(floor));
        }
      }
    }),
  );
});

it("tokenBudgets: five calls at once against a small budget -> overdraft within the bound, then nobody until the debt is refilled", () => {
  const budgets = new TokenBudgets({
    ...SETTINGS,
    budgets: [{ unit: "tokens", permits: 100, perMs: 60_000, burst: 100 }],
    outputCapTokens: 10,
  });
  const ids = Array.from({ length: 5 }, () => budgets.reserve(10, 0, 500, 0));
  expect(ids).toEqual([0, 1, 2, 3, 4]);
  for (const id of ids) expect(budgets.settle(id, 10, 0, 40, 0)).toBe(true);
  expect(budgets.level(0, 0)).toBe(-150);
  expect(budgets.reserve(0, 0, 0, 0)).toBe(-1);
  expect(budgets.retryAfterMs).toBe(90_000);
  expect(budgets.reserve(0, 0, 0, 89_999.999)).toBe(-1);
  expect(budgets.reserve(0, 0, 0, 90_000)).toBeGreaterThanOrEqual(0);
});

it("tokenBudgets: cached prompt tokens -> counted as declared; an answer that is not reserved is charged when it is settled", () => {
  const one = (cachedInputCounts: boolean) => {
    const budgets = new TokenBudgets({ ...SETTINGS, cachedInputCounts, outputCapTokens: 0 });
    budgets.settle(budgets.reserve(30, 20, 40, 0), 30, 20, 7, 0);
    return budgets.level(1, 0);
  };
  expect([one(true), one(false)]).toEqual([63, 83]);
});

const windowed = (windowMs: number) =>
  new TokenBudgets({
    ...SETTINGS,
    leaseMs: 60_000,
    maxReservations: 100,
    budgets: [{ unit: "tokens", limit: 100, windowMs }],
    outputCapTokens: 50,
  });

it("tokenBudgets in fixed windows: credit in the window that was charged -> given back; after its end -> dropped", () => {
  const within = windowed(1000);
  const first = within.reserve(10, 0, 50, 100);
  expect(within.level(0, 100)).toBe(40);
  within.settle(first, 10, 0, 5, 999);
  expect(within.level(0, 999)).toBe(85);
  const late = windowed(1000);
  const old = late.reserve(10, 0, 50, 100);
  late.reserve(20, 0, 0, 1000);
  expect(late.settle(old, 10, 0, 5, 1500)).toBe(true);
  expect(late.level(0, 1500)).toBe(80);
  expect(late.refund(old, 1500)).toBe(false);
});

it("tokenBudgets in fixed windows: debt -> charged to the window in which it becomes known, nobody until its end, then forgotten", () => {
  const budgets = windowed(1000);
  const long = budgets.reserve(10, 0, 50, 900);
  budgets.settle(long, 10, 0, 500, 1200);
  expect(budgets.level(0, 1200)).toBe(-350);
  expect(budgets.reserve(0, 0, 0, 1200)).toBe(-1);
  expect(budgets.retryAfterMs).toBe(800);
  expect(budgets.reserve(0, 0, 0, 1999.999)).toBe(-1);
  expect(budgets.level(0, 2000)).toBe(100);
});

it("tokenBudgets in fixed windows and buckets: any history -> levels as reckoned from the list of charges, at most a window's limit", () => {
  const op = fc.record({
    gapMs: fc.constantFrom(0, 0, 1, 499, 500, 999, 1000, 1001),
    what: fc.constantFrom("reserve", "reserve", "settle", "refund"),
    which: fc.nat(9),
    output: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(op, { minLength: 6, maxLength: 40, size: "max" }), (list) => {
      const budgets = windowed(1000);
      const charges: Array<{ readonly window: number; readonly cost: number }> = [];
      const held: Array<{ readonly id: number; readonly window: number; readonly estimate: number; open: boolean }> = [];
      let nowMs = 0;
      for (const { gapMs, what, which, output } of list) {
        nowMs += gapMs;
        const window = Math.floor(nowMs / 1000);
        const left = (): number => 100 - charges.filter((one) => one.window === window).reduce((sum, { cost }) => sum + cost, 0);
        if (what === "reserve") {
          const estimate = Math.min(50, output);
          const id = budgets.reserve(0, 0, output, nowMs);
          expect(id >= 0).toBe(left() >= estimate);
          if (id >= 0) {
            held.push({ id, window, estimate, open: true });
            charges.push({ window, cost: estimate });
          }
        } else if (held.length > 0) {
          const one = held[which % held.length]!;
          const ended = what === "settle" ? budgets.settle(one.id, 0, 0, output, nowMs) : budgets.refund(one.id, nowMs);
          expect(ended).toBe(one.open);
          const credit = one.estimate - (what === "settle" ? output : 0);
          if (one.open && (credit < 0 || one.window === window)) charges.push({ window, cost: -credit });
          one.open = false;
        }
        expect(budgets.level(0, nowMs)).toBe(left());
      }
    }),
  );
});

it("leakyQueue: joins, leaves and releases in any order -> first in, first out, one per interval, never more than its length", () => {
  const op = fc.record({
    what: fc.constantFrom("join", "join", "leave", "release", "release"),
    which: fc.nat(30),
    gapMs: fc.constantFrom(0, 99, 99.999, 100, 101),
  });
  fc.assert(
    fc.property(fc.array(op, { minLength: 6, maxLength: 60, size: "max" }), (list) => {
      const queue = new LeakyQueue({ permits: 10, perMs: 1000, length: 3 });
      const naive: Array<number> = [];
      let [nowMs, next, freeMs] = [0, 0, 0];
      for (const { what, which, gapMs } of list) {
        nowMs = addMs(nowMs, gapMs);
        if (what === "join") {
          expect(queue.join()).toBe(naive.length < 3 ? next : -1);
          if (naive.length < 3) naive.push(next++);
        } else if (what === "leave") {
          const at = naive.indexOf(which);
          expect(queue.leave(which)).toBe(at >= 0);
          if (at >= 0) naive.splice(at, 1);
        } else {
          const expected = naive.length > 0 && nowMs >= freeMs ? naive.shift()! : -1;
          expect(queue.release(nowMs)).toBe(expected);
          if (expected >= 0) freeMs = addMs(nowMs, 100);
        }
        expect(queue.waiting).toBe(naive.length);
        expect(queue.releaseInMs(nowMs)).toBe(Math.max(0, addMs(freeMs, -nowMs)));
      }
    }),
  );
});
