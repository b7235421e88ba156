import fc from "fast-check";
import type { ScriptClient } from "../../src/live/redis/ScriptClient.ts";
import { RedisBreaker } from "../../src/live/redis/RedisBreaker.ts";
import type { SharedPermit } from "../../src/live/redis/RedisBreaker.ts";
import { RedisLeasedCache } from "../../src/live/redis/RedisLeasedCache.ts";
import { RedisRateLimiter } from "../../src/live/redis/RedisRateLimiter.ts";
import { RedisTokenBudgets } from "../../src/live/redis/RedisTokenBudgets.ts";
import type { SharedReservation } from "../../src/live/redis/RedisTokenBudgets.ts";
import { RedisWindowLimiter } from "../../src/live/redis/RedisWindowLimiter.ts";
import { Breaker } from "../../src/policy/breaker/index.ts";
import type { BreakerSettings } from "../../src/policy/breaker/index.ts";
import { LeasedCache } from "../../src/policy/caching/index.ts";
import { Gcra, SlidingCounter, SlidingLog, TokenBucket, TokenBudgets } from "../../src/policy/limiter/index.ts";
import type { RateLimiter } from "../../src/policy/limiter/index.ts";

/** A step of a history: what it does is the machine's reading of `choice`, `a` and `b`. */
export interface Step {
  readonly gapUs: number;
  readonly choice: number;
  readonly a: number;
  readonly b: number;
  /** Which node sends it. */
  readonly node: number;
  readonly resent: boolean;
}

/** What the pure machine answers to a step, and the same step on its node of the shared machine, which may be sent again. */
export interface Sent {
  readonly expected: unknown;
  readonly send: () => Promise<unknown>;
}

/** One history's pair of machines. */
export type Pair = (step: Step, turn: number, nowMs: number) => Sent;

export interface Machine<S> {
  readonly name: string;
  /** Gaps in ms at which decisions change. */
  readonly edgesMs: ReadonlyArray<number>;
  readonly settings: fc.Arbitrary<S>;
  /** `clients` are the nodes; `prefix` is unused so far. */
  readonly open: (settings: S, clients: ReadonlyArray<ScriptClient>, prefix: string) => Pair;
}

const MEMORY = { attemptTtlMs: 60_000 };
const refill = fc.record({
  permits: fc.constantFrom(1, 3, 7, 997, 100_000),
  perMs: fc.constantFrom(0.001, 7, 33.333, 1000, 3_600_000),
  burst: fc.integer({ min: 1, max: 12 }),
  partsPerPermit: fc.constantFrom(1, 1000),
});
const windowed = fc.record({ limit: fc.integer({ min: 1, max: 40 }), windowMs: fc.constantFrom(1, 33.333, 1000) });

interface TakesShared {
  take(key: string, attempt: string, cost: number, nowMs: number): Promise<number>;
}

/** A limiter and its nodes; `costOf` makes a cost of `a`, 0 to 15. A key begins with its first charge, in both. */
function limiterPair(limiter: RateLimiter<any>, nodes: ReadonlyArray<TakesShared>, costOf: (a: number) => number): Pair {
  let state: unknown;
  return ({ a, node }, turn, nowMs) => {
    const cost = costOf(a);
    if (cost <= limiter.capacity) state ??= limiter.open(nowMs);
    return {
      expected: limiter.take(state ?? limiter.open(nowMs), cost, nowMs),
      send: () => nodes[node]!.take("k", `${turn}`, cost, nowMs),
    };
  };
}

const refilling = (algorithm: "tokenBucket" | "gcra"): Machine<any> => ({
  name: algorithm,
  edgesMs: [1, 33.333, 1000],
  settings: refill,
  open: (settings, clients, prefix) =>
    limiterPair(
      algorithm === "gcra" ? new Gcra(settings) : new TokenBucket(settings),
      clients.map((client) => new RedisRateLimiter(client, { ...settings, ...MEMORY, algorithm, prefix })),
      (a) => (settings.partsPerPermit === 1 ? 1 + a : ((1 + a) * 37) / 1000),
    ),
});

const windows = (algorithm: "slidingCounter" | "slidingLog"): Machine<any> => ({
  name: algorithm,
  edgesMs: [1, 2, 33.333, 1000, 2000],
  settings: windowed,
  open: (settings, clients, prefix) =>
    limiterPair(
      algorithm === "slidingLog" ? new SlidingLog(settings) : new SlidingCounter(settings),
      clients.map((client) => new RedisWindowLimiter(client, { ...settings, ...MEMORY, algorithm, prefix })),
      (a) => (settings.limit > 12 ? 1 + (a % 3) : 1 + a),
    ),
});

const budgets: Machine<any> = {
  name: "tokenBudgets",
  edgesMs: [1, 600, 5000, 60_000],
  settings: fc.record({
    budgets: fc.constantFrom(
      [
        { unit: "requests", permits: 6, perMs: 60_000, burst: 6 },
        { unit: "tokens", permits: 100, perMs: 60_000, burst: 100 },
      ],
      [
        { unit: "requests", permits: 60, perMs: 60_000, burst: 12 },
        { unit: "inputTokens", permits: 997, perMs: 33_333, burst: 90 },
        { unit: "outputTokens", permits: 7, perMs: 1000, burst: 40 },
      ],
      [
        { unit: "requests", limit: 6, windowMs: 60_000 },
        { unit: "tokens", limit: 100, windowMs: 5000 },
        { unit: "inputTokens", permits: 997, perMs: 33_333, burst: 90 },
      ],
    ),
    outputCapTokens: fc.constantFrom(0, 20),
    cachedInputCounts: fc.boolean(),
    leaseMs: fc.constantFrom(1, 5000, 60_000),
    maxReservations: fc.constantFrom(1, 3, 8),
  }),
  open: (settings, clients, prefix) => {
    const pure = new TokenBudgets(settings);
    const nodes = clients.map((client) => new RedisTokenBudgets(client, { ...settings, ...MEMORY, prefix }));
    const held: Array<{ readonly id: number; reservation: SharedReservation }> = [];
    const unknown = { id: 1e6, reservation: { key: "k", id: 1e6, attempt: "none" } };
    return ({ choice, a, b, node: at }, turn, nowMs) => {
      const node = nodes[at]!;
      const cached = Math.min(3, a);
      if (choice === 1 && a > 11) {
        const expected = settings.budgets.map((_: unknown, budget: number) => pure.level(budget, nowMs));
        return { expected, send: () => node.levels("k", nowMs) };
      }
      if (choice < 2) {
        const id = pure.reserve(3 * a, cached, 4 * b, nowMs);
        const mine = { id, reservation: unknown.reservation };
        if (id >= 0) held.push(mine);
        return {
          expected: id >= 0 ? id : `R ${pure.retryAfterMs}`,
          send: async () => {
            const reply = await node.reserve("k", `${turn}`, 3 * a, cached, 4 * b, nowMs);
            if (reply.admitted) mine.reservation = reply.reservation;
            return reply.admitted ? reply.reservation.id : `R ${reply.retryAfterMs}`;
          },
        };
      }
      const { id, reservation } = held[held.length - 1 - (a % 6)] ?? unknown;
      if (choice === 2) return { expected: pure.refund(id, nowMs), send: () => node.refund(reservation, `${turn}`, nowMs) };
      return {
        expected: pure.settle(id, 3 * a, cached, 5 * b, nowMs),
        send: () => node.settle(reservation, `${turn}`, 3 * a, cached, 5 * b, nowMs),
      };
    };
  },
};

const breaker: Machine<BreakerSettings> = {
  name: "breaker",
  edgesMs: [1, 20, 100, 400, 1000],
  settings: fc.record({
    trip: fc.constantFrom<BreakerSettings["trip"]>(
      { kind: "consecutive", failures: 1 },
      { kind: "consecutive", failures: 3 },
      { kind: "count", size: 5, minCalls: 2, failureRatio: 0.5 },
      { kind: "count", size: 3, minCalls: 3, failureRatio: 1, slowRatio: 0.34 },
      { kind: "count", size: 1, minCalls: 1, failureRatio: 0.000001, slowRatio: 1 },
    ),
    openForMs: fc.constant(100),
    openFactor: fc.constantFrom(1, 2),
    maxOpenMs: fc.constant(400),
    probes: fc.integer({ min: 1, max: 3 }),
    successesNeeded: fc.integer({ min: 1, max: 3 }),
    allowedFailures: fc.constantFrom(0, 1),
    probeLeaseMs: fc.constantFrom(20, 1000),
    rampMs: fc.constantFrom(0, 100),
    remembered: fc.constantFrom(4, 1000),
  }),
  open: (settings, clients, prefix) => {
    const pure = new Breaker(settings);
    const nodes = clients.map((client) => new RedisBreaker(client, { ...settings, ...MEMORY, idleTtlMs: 86_400_000, prefix }));
    const held: Array<{ readonly number: number; permit: SharedPermit }> = [];
    return ({ choice, a, b, node: at }, turn, nowMs) => {
      const node = nodes[at]!;
      const outcome = [0, 0, 0, 1, 1, 1, 2, 3, 4][b % 9]!;
      const hintMs = b === 12 ? 250.0005 : 0;
      const one = held[Math.max(0, held.length - 1 - (a % 5))];
      if (choice < 2 || one === undefined) {
        const number = pure.admit(nowMs);
        const mine = { number, permit: { key: "k", number: -1, epoch: -1, bornUs: -1 } };
        if (number >= 0) held.push(mine);
        return {
          expected: [number, number >= 0 ? 0 : pure.retryAfterMs, pure.phase, pure.epoch],
          send: async () => {
            const reply = await node.admit("k", `${turn}`, nowMs);
            if (!reply.admitted) return [-1, reply.retryAfterMs, reply.phase, reply.epoch];
            mine.permit = reply.permit;
            return [reply.permit.number, 0, reply.phase, reply.permit.epoch];
          },
        };
      }
      return {
        expected: [pure.settle(one.number, outcome, nowMs, hintMs), pure.phase, pure.epoch],
        send: async () => {
          const reply = await node.settle(one.permit, `${turn}`, outcome, hintMs, nowMs);
          return [reply.counted, reply.phase, reply.epoch];
        },
      };
    };
  },
};

const cache: Machine<any> = {
  name: "leasedCache",
  edgesMs: [1, 50, 100, 300, 1000],
  settings: fc.record({
    ttlMs: fc.constantFrom(100, 1000),
    ttlJitterRatio: fc.constantFrom(0, 0.333),
    staleMs: fc.constantFrom(0, 300),
    leaseMs: fc.constantFrom(50, 1000),
  }),
  open: (settings, clients, prefix) => {
    const pure = new LeasedCache<string>({ ...settings, maxEntries: 10 });
    const nodes = clients.map((client) => new RedisLeasedCache(client, { ...settings, prefix }));
    // A name is used for one load only; the turn it began in tells an owner's loads apart.
    const loads = ["0", "1", "2", "3"];
    return ({ choice, a, b, node: at }, turn, nowMs) => {
      const node = nodes[at]!;
      const key = `${b % 2}`;
      if (choice === 0 && a === 15) return { expected: pure.invalidate(key), send: () => node.invalidate(key) };
      if (choice === 3 && a < 8) loads[a % 4] = `${a % 4}.${turn}`;
      const owner = loads[a % 4]!;
      if (choice === 2) {
        const value = ["", "7", "two words", `1.50 ${turn} \u00e9`][turn % 4]!;
        return { expected: pure.store(key, owner, value, b / 16, nowMs), send: () => node.store(key, owner, value, b / 16, nowMs) };
      }
      if (choice === 3 && a >= 8) return { expected: pure.release(key, owner, nowMs), send: () => node.release(key, owner, nowMs) };
      return { expected: pure.request(key, owner, nowMs), send: () => node.request(key, owner, nowMs) };
    };
  },
};

export const MACHINES: ReadonlyArray<Machine<any>> = [
  refilling("tokenBucket"),
  refilling("gcra"),
  windows("slidingCounter"),
  windows("slidingLog"),
  budgets,
  breaker,
  cache,
];
