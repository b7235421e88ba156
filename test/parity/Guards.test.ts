import { Effect, Exit, Layer } from "effect";
import { expect, it } from "vitest";
import { GuardedBreaker } from "../../src/live/redis/GuardedBreaker.ts";
import { GuardedCache } from "../../src/live/redis/GuardedCache.ts";
import { GuardedRateLimiter } from "../../src/live/redis/GuardedRateLimiter.ts";
import { GuardedTokenBudgets } from "../../src/live/redis/GuardedTokenBudgets.ts";
import { RedisStore } from "../../src/live/redis/RedisStore.ts";
import { SharedBreaker, SharedCache, SharedRateLimiter, SharedTokenBudgets } from "../../src/live/redis/SharedPolicies.ts";
import { StoreFault, StoreGuard } from "../../src/live/redis/StoreGuard.ts";
import type { ScriptClient } from "../../src/live/redis/ScriptClient.ts";
import { Outcome } from "../../src/policy/breaker/index.ts";
import { PolicyFault } from "../../src/policy/PolicyFault.ts";

const DOWN: ScriptClient = { eval: () => Promise.reject(new Error("down")) };
const HUNG: ScriptClient = { eval: () => new Promise(() => undefined) };
/** A deadline after all that can happen now. */
const atOnce = (_: number, run: () => void) => {
  const turn = setImmediate(run);
  return () => clearImmediate(turn);
};
const guard = (client: ScriptClient, maxInFlight = 1000) => new StoreGuard(client, { deadlineMs: 50, maxInFlight }, atOnce);

const LIMIT = { algorithm: "tokenBucket", permits: 100, perMs: 1000, burst: 100, prefix: "p", attemptTtlMs: 1000 } as const;
const BUDGETS = {
  prefix: "p",
  attemptTtlMs: 1000,
  budgets: [{ unit: "tokens", permits: 1000, perMs: 1000, burst: 1000 }] as const,
  outputCapTokens: 100,
  cachedInputCounts: true,
  leaseMs: 1000,
  maxReservations: 10,
};
const BREAKER = {
  prefix: "p",
  attemptTtlMs: 1000,
  trip: { kind: "consecutive", failures: 1 } as const,
  openForMs: 100,
  probes: 1,
  successesNeeded: 1,
  probeLeaseMs: 50,
  idleTtlMs: 1000,
};
const CACHE = { prefix: "p", ttlMs: 1000, ttlJitterRatio: 0, staleMs: 0, leaseMs: 100 };
const local = { kind: "local", shareRatio: 0.25, maxKeys: 2 } as const;

it("storeGuard: no reply, a failure, too many in flight -> typed faults at once; a late reply frees its place", async () => {
  const pending: Array<(reply: string) => void> = [];
  const slow = guard({ eval: () => new Promise((resolve) => pending.push(resolve)) }, 2);
  await expect(slow.eval("", 0)).rejects.toMatchObject({ _tag: "StoreFault", reason: "late" });
  await expect(slow.eval("", 0)).rejects.toMatchObject({ reason: "late" });
  await expect(slow.eval("", 0)).rejects.toMatchObject({ reason: "busy" });
  expect([slow.inFlight, pending.length]).toEqual([2, 2]);
  pending[0]!("reply");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(slow.inFlight).toBe(1);
  await expect(guard(DOWN).eval("", 0)).rejects.toMatchObject({ reason: "failed", cause: { message: "down" } });
  const throws = { eval: () => expect.fail("at once") };
  await expect(guard(throws).eval("", 0)).rejects.toBeInstanceOf(StoreFault);
});

it.each([
  { client: HUNG, reason: "late" },
  { client: DOWN, reason: "failed" },
])("guarded limiter: store $reason -> each mode decides, and says who and why", async ({ client, reason }) => {
  const take = async (onStoreFault: ConstructorParameters<typeof GuardedRateLimiter>[1]["onStoreFault"]) => {
    const { waitMs, by, fault } = await new GuardedRateLimiter(guard(client), { ...LIMIT, onStoreFault }, () => 0).take("k", "1", 26);
    return [waitMs, by, fault?.reason];
  };
  expect(await take({ kind: "open" })).toEqual([0, "open", reason]);
  expect(await take({ kind: "closed", retryAfterMs: 7 })).toEqual([7, "closed", reason]);
  expect(await take(local)).toEqual([Infinity, "local", reason]);
  const limiter = new GuardedRateLimiter(guard(client), { ...LIMIT, onStoreFault: local });
  await expect(limiter.take("k", "1", NaN)).rejects.toBeInstanceOf(PolicyFault);
});

it.each([
  { ...LIMIT, onStoreFault: local },
  { ...LIMIT, algorithm: "gcra" as const, onStoreFault: local },
  { algorithm: "slidingLog" as const, limit: 100, windowMs: 1000, prefix: "p", attemptTtlMs: 1000, onStoreFault: local },
  { algorithm: "slidingCounter" as const, limit: 100, windowMs: 1000, prefix: "p", attemptTtlMs: 1000, onStoreFault: local },
])(
  "guarded $algorithm: an outage of 10 s under ten times the rate, four processes -> no more than the whole limit over it",
  async (settings) => {
    let nowMs = 0;
    const nodes = Array.from({ length: 4 }, () => new GuardedRateLimiter(guard(DOWN), settings, () => nowMs));
    let admitted = 0;
    for (; nowMs < 10_000; nowMs += 4) {
      for (const node of nodes) if ((await node.take("k", `${nowMs}`, 1)).waitMs === 0) admitted++;
    }
    expect(admitted).toBeLessThanOrEqual(100 + 100 * 10);
    expect(admitted).toBeGreaterThan(900);
  },
);

it("guarded budgets: store down -> open counts nothing, closed refuses, local reserves and settles within its share and keys", async () => {
  const budgets = (onStoreFault: ConstructorParameters<typeof GuardedTokenBudgets>[1]["onStoreFault"]) =>
    new GuardedTokenBudgets(guard(DOWN), { ...BUDGETS, onStoreFault }, () => 0);
  expect(await budgets({ kind: "open" }).reserve("k", "1", 5000, 0, 0)).toMatchObject({ admitted: true, reservation: { by: "open" } });
  expect(await budgets({ kind: "closed", retryAfterMs: 9 }).reserve("k", "1", 1, 0, 0)).toMatchObject({ admitted: false, retryAfterMs: 9 });
  const own = budgets(local);
  const first = await own.reserve("k", "1", 200, 0, 50);
  if (!first.admitted) throw new Error("refused");
  expect(await own.reserve("k", "2", 1, 0, 0)).toMatchObject({ admitted: false, retryAfterMs: 4, by: "local" });
  expect(await own.settle(first.reservation, "3", 100, 0, 0)).toEqual({ ended: true, by: "local" });
  expect(await own.refund(first.reservation, "4")).toEqual({ ended: false, by: "local" });
  expect(await own.reserve("k", "5", 150, 0, 0)).toMatchObject({ admitted: true });
  expect(await own.reserve("other", "6", 1, 0, 0)).toMatchObject({ admitted: true });
  expect(await own.reserve("third", "7", 1, 0, 0)).toMatchObject({ admitted: false, retryAfterMs: Infinity });
  const shared = { by: "store", shared: { key: "k", id: 0, attempt: "1" } } as const;
  expect(await own.settle(shared, "8", 1, 0, 0)).toMatchObject({ ended: false, by: "store", fault: { reason: "failed" } });
});

it("guarded budgets in windows: store down, local -> a share of each window", async () => {
  let nowMs = 0;
  const windowed = { ...BUDGETS, budgets: [{ unit: "tokens", limit: 1000, windowMs: 1000 }] as const, onStoreFault: local };
  const own = new GuardedTokenBudgets(guard(DOWN), windowed, () => nowMs);
  expect(await own.reserve("k", "1", 250, 0, 0)).toMatchObject({ admitted: true });
  nowMs = 400;
  expect(await own.reserve("k", "2", 1, 0, 0)).toMatchObject({ admitted: false, retryAfterMs: 600 });
  nowMs = 1000;
  expect(await own.reserve("k", "3", 250, 0, 0)).toMatchObject({ admitted: true });
});

it("guarded breaker: store down -> open admits, closed refuses, local trips by itself", async () => {
  let nowMs = 0;
  const breaker = (onStoreFault: ConstructorParameters<typeof GuardedBreaker>[1]["onStoreFault"]) =>
    new GuardedBreaker(guard(DOWN), { ...BREAKER, onStoreFault }, () => nowMs);
  expect(await breaker({ kind: "open" }).admit("k", "1")).toMatchObject({ admitted: true, permit: { by: "open" } });
  expect(await breaker({ kind: "closed", retryAfterMs: 9 }).admit("k", "1")).toMatchObject({ admitted: false, retryAfterMs: 9 });
  const own = breaker({ kind: "local", maxKeys: 1 });
  const first = await own.admit("k", "1");
  if (!first.admitted) throw new Error("refused");
  expect(await own.settle(first.permit, "2", Outcome.Failure)).toEqual({ counted: true, by: "local" });
  expect(await own.admit("k", "3")).toMatchObject({ admitted: false, retryAfterMs: 100 });
  expect(await own.admit("other", "4")).toMatchObject({ admitted: false, retryAfterMs: Infinity });
  nowMs = 1000;
  expect(await own.admit("other", "5")).toMatchObject({ admitted: true });
});

it("guarded cache: store down -> open loads unkept, closed refuses, local leases in the process", async () => {
  const cache = (onStoreFault: ConstructorParameters<typeof GuardedCache>[1]["onStoreFault"]) =>
    new GuardedCache(guard(DOWN), { ...CACHE, onStoreFault }, () => 0);
  expect(await cache({ kind: "open" }).request("k", "1")).toMatchObject({ answer: "load", by: "open" });
  expect(await cache({ kind: "closed", retryAfterMs: 9 }).request("k", "1")).toMatchObject({ answer: "refused", leftMs: 9 });
  const own = cache({ kind: "local", maxKeys: 10 });
  expect(await own.request("k", "1")).toMatchObject({ answer: "lead", by: "local" });
  expect(await own.request("k", "2")).toMatchObject({ answer: "wait" });
  expect(await own.store("local", "k", "1", "value", 0)).toEqual({ stored: true, by: "local" });
  expect(await own.request("k", "2")).toMatchObject({ answer: "hit", value: "value" });
  expect(await own.invalidate("k")).toMatchObject({ reason: "failed" });
  expect(await own.request("k", "3")).toMatchObject({ answer: "lead" });
});

it("shared services: no server at the start -> the layers are built, every call is decided by its mode, a wrong cost is a typed failure", async () => {
  const store = RedisStore.layer({ connection: { path: "/nonexistent/socket" }, deadlineMs: 1000, maxInFlight: 10, connectMs: 1 });
  const all = Layer.mergeAll(
    SharedRateLimiter.layer({ ...LIMIT, onStoreFault: local }),
    SharedTokenBudgets.layer({ ...BUDGETS, onStoreFault: local }),
    SharedBreaker.layer({ ...BREAKER, onStoreFault: local }),
    SharedCache.layer({ ...CACHE, onStoreFault: local }),
  ).pipe(Layer.provide(store));
  const program = Effect.gen(function* () {
    const decided = [
      yield* (yield* SharedRateLimiter).take("k", "1", 1),
      yield* (yield* SharedTokenBudgets).reserve("k", "1", 1, 0, 0),
      yield* (yield* SharedBreaker).admit("k", "1"),
      yield* (yield* SharedCache).request("k", "1"),
    ];
    const wrong = yield* Effect.exit((yield* SharedRateLimiter).take("k", "2", NaN));
    return [...decided.map(({ by }) => by), Exit.isFailure(wrong) && wrong.cause.reasons.map(({ _tag }) => _tag)];
  });
  expect(await Effect.runPromise(program.pipe(Effect.provide(all)))).toEqual(["local", "local", "local", "local", ["Fail"]]);
});
