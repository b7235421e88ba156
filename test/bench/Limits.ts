import { Breaker, Outcome } from "../../src/policy/breaker/index.ts";
import { FixedWindow, Gcra, SlidingCounter, SlidingLog, TokenBucket, TokenBudgets } from "../../src/policy/limiter/index.ts";
import type { RateLimiter } from "../../src/policy/limiter/index.ts";
import type { Benchmark, Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

const KEYS = 1024;

const warmed = (work: (decisions: number) => void, decisions: number): Measurement =>
  measure(
    () => work(decisions / 10),
    () => {
      work(decisions);
      return decisions;
    },
  );

/** Decisions over 1,024 keys in turn at 1.5 times what is admitted. */
function limiting(limiter: RateLimiter<any>): Measurement {
  const states = Array.from({ length: KEYS }, () => limiter.open(0));
  let nowMs = 0;
  let admitted = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      nowMs += 10 / 1.5 / KEYS;
      if (limiter.take(states[turn & (KEYS - 1)], 1, nowMs) === 0) admitted++;
    }
    if (admitted === 0) throw new Error("nothing was admitted");
  }, 10_000_000);
}

/** An admission and an outcome per decision; one call in ten fails, so it stays closed. */
function breaking(trip: ConstructorParameters<typeof Breaker>[0]["trip"]): Measurement {
  const breaker = new Breaker({ trip, openForMs: 1000, probes: 3, successesNeeded: 3, probeLeaseMs: 1000 });
  let nowMs = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      nowMs += 0.1;
      const permit = breaker.admit(nowMs);
      if (permit >= 0) breaker.settle(permit, turn % 10 === 0 ? Outcome.Failure : Outcome.Success, nowMs);
    }
    if (breaker.epoch > 0) throw new Error("it opened");
  }, 10_000_000);
}

/** A reservation per decision in RPM and TPM, and its settlement 64 decisions later, at 1.5 times what is admitted. */
function budgeting(): Measurement {
  const budgets = new TokenBudgets({
    budgets: [
      { unit: "requests", permits: 60_000, perMs: 60_000, burst: 1000 },
      { unit: "tokens", permits: 12_000_000, perMs: 60_000, burst: 200_000 },
    ],
    outputCapTokens: 200,
    cachedInputCounts: true,
    leaseMs: 60_000,
    maxReservations: 1024,
  });
  const held = new Float64Array(64).fill(-1);
  let nowMs = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      nowMs += 1 / 1.5;
      const at = turn & 63;
      if (held[at]! >= 0) budgets.settle(held[at]!, 100, 0, 50 + (turn & 127), nowMs);
      held[at] = budgets.reserve(100, 0, 200, nowMs);
    }
  }, 5_000_000);
}

const REFILL = { permits: 100, perMs: 1000, burst: 100 };
const WINDOW = { limit: 100, windowMs: 1000 };

/** Decisions of pure limits and breakers, without a world around them. */
export const limitBenchmarks: ReadonlyArray<Benchmark> = [
  { name: "limit tokenBucket", unit: "decision", run: () => limiting(new TokenBucket(REFILL)) },
  { name: "limit gcra", unit: "decision", run: () => limiting(new Gcra(REFILL)) },
  { name: "limit fixedWindow", unit: "decision", run: () => limiting(new FixedWindow({ ...WINDOW, anchored: false })) },
  { name: "limit slidingCounter", unit: "decision", run: () => limiting(new SlidingCounter(WINDOW)) },
  { name: "limit slidingLog", unit: "decision", run: () => limiting(new SlidingLog(WINDOW)) },
  { name: "limit tokenBudgets 2", unit: "decision", run: budgeting },
  { name: "break consecutive", unit: "decision", run: () => breaking({ kind: "consecutive", failures: 5 }) },
  { name: "break count 100", unit: "decision", run: () => breaking({ kind: "count", size: 100, minCalls: 20, failureRatio: 0.5 }) },
  {
    name: "break time 10 x 1 s",
    unit: "decision",
    run: () => breaking({ kind: "time", windowMs: 10_000, buckets: 10, minCalls: 20, failureRatio: 0.5 }),
  },
];
