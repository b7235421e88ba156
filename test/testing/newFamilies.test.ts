import { expect, it } from "vitest";
import { spillwayConcurrency, spillwayTokenBudgets } from "../../src/testing/adapters/SpillwayAdmission.ts";
import { spillwayCaches } from "../../src/testing/adapters/spillwayCaches.ts";
import { spillwayLeakyQueue } from "../../src/testing/adapters/QueueLimiters.ts";
import { spillwayLeasedCache } from "../../src/testing/adapters/SpillwayLeasedCaches.ts";
import { spillwayLimiters } from "../../src/testing/adapters/spillwayLimiters.ts";
import { spillwayRedisLimiters } from "../../src/testing/adapters/spillwayRedisLimiters.ts";
import { spillwayHedge, spillwayRetry, spillwayRetryBudgets } from "../../src/testing/adapters/SpillwayRetries.ts";
import type { Adapter } from "../../src/testing/adapters/ShippedAdapters.ts";
import type { TokenBudgetAdapter, TokenBudgetSpec } from "../../src/testing/budget/TokenBudgetAdapter.ts";
import { tokenBudgetLaws } from "../../src/testing/budget/tokenBudgetLaws.ts";
import { capacityOf } from "../../src/testing/budget/TokenBudgetTrial.ts";
import type { CacheSpec } from "../../src/testing/cache/CacheAdapter.ts";
import type { Laboratory } from "../../src/testing/Laboratory.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";
import { rateLimiterLaws } from "../../src/testing/limiter/rateLimiterLaws.ts";
import type { Decision, RefusingAdapter } from "../../src/testing/limiter/RateLimiterAdapter.ts";
import type { RetryBudgetUnderTest } from "../../src/testing/retry/RetryBudgetAdapter.ts";

const broken = async (adapter: Adapter, ids: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const laws = lawsOf(adapter).filter((law) => ids.includes(law.id));
  const reports = await Promise.all(laws.map((law) => law.report({ runs: 300 })));
  return reports.filter((report) => report.counterexample !== undefined).map((report) => report.law);
};

it("retry budget: grants everything -> breaks its bound, alone and in a stack; never grants -> never recovers", async () => {
  const ratio = spillwayRetryBudgets()[0]!;
  const with_ = (take: () => boolean): typeof ratio => ({ ...ratio, make: (laboratory) => ({ ...ratio.make(laboratory), take }) });
  expect(
    await broken(
      with_(() => true),
      ["R-2", "R-8", "R-10"],
    ),
  ).toEqual(["R-2", "R-10"]);
  expect(
    await broken(
      with_(() => false),
      ["R-2", "R-8", "R-10"],
    ),
  ).toEqual(["R-8"]);
});

it("retry quota: gives back less than a retry after a time-out cost, or gives it back twice -> found", async () => {
  const quota = spillwayRetryBudgets().find((adapter) => adapter.spec.quota !== undefined)!;
  const ending = (ended: (made: RetryBudgetUnderTest, succeeded: boolean, retried: boolean, afterTimeout: boolean) => void) => ({
    ...quota,
    make: (laboratory: Laboratory): RetryBudgetUnderTest => {
      const made = quota.make(laboratory);
      return { ...made, ended: (...how) => ended(made, ...how) };
    },
  });
  const stingy = ending((made, succeeded, retried) => made.ended(succeeded, retried, false));
  expect(await broken(stingy, ["R-7"])).toEqual(["R-7"]);
  const generous = ending((made, ...how) => {
    made.ended(...how);
    if (how[1]) made.ended(...how);
  });
  expect(await broken(generous, ["R-7"])).toEqual(["R-7"]);
});

it("retry: knows no hints, local rejections, deadlines; samples the whole loop -> each found", async () => {
  const ours = spillwayRetry();
  const naive: typeof ours = {
    ...ours,
    make: (spec, laboratory) => ({
      execute: async (attempt, { sample }) => {
        const startMs = laboratory.elapsedMs;
        for (let retry = 0; ; retry++)
          try {
            return await attempt();
          } catch (error) {
            if (retry === spec.retries) throw error;
            await new Promise<void>((resolve) => laboratory.time.after(1000, resolve));
          } finally {
            sample(laboratory.elapsedMs - startMs);
          }
      },
    }),
  };
  expect(await broken(naive, ["R-3", "R-6", "R-9", "R-12"])).toEqual(["R-3", "R-3 deadline", "R-6", "R-9", "R-12"]);
});

it("hedge: never hedges -> found; all attempts at once, no loser cancelled, no budget -> found", async () => {
  const ours = spillwayHedge();
  const signal = new AbortController().signal;
  const single: typeof ours = { ...ours, make: () => ({ execute: (attempt) => attempt({ signal }) }) };
  expect(await broken(single, ["R-11"])).toEqual(["R-11 hedges"]);
  const eager: typeof ours = { ...ours, make: () => ({ execute: (attempt) => Promise.any([1, 2, 3].map(() => attempt({ signal }))) }) };
  expect(await broken(eager, ["R-11"])).toEqual(["R-11 starts", "R-11 end", "R-11 budget"]);
});

it("token budgets: charge nothing -> found; leases never end -> found", async () => {
  const ours = spillwayTokenBudgets()[0]!;
  let id = 0;
  const free: typeof ours = {
    ...ours,
    make: (spec) => ({
      reserve: () => ({ id: id++ }),
      settle: () => true,
      refund: () => true,
      levels: () => spec.budgets.map(capacityOf),
    }),
  };
  expect(await broken(free, ["T-1", "T-2", "T-3"])).toEqual(["T-1", "T-2", "T-3"]);
  const endless: typeof ours = { ...ours, make: (spec, laboratory) => ours.make({ ...spec, leaseMs: 1e9 }, laboratory, "") };
  expect(await broken(endless, ["T-2"])).toEqual(["T-2"]);
});

it("token budgets in windows: credit for a window that has ended is kept -> found", async () => {
  const spec: TokenBudgetSpec = { budgets: [{ unit: "tokens", limit: 1000, windowMs: 10_000 }], outputCapTokens: 400, leaseMs: 30_000 };
  const keeping: TokenBudgetAdapter = {
    ...spillwayTokenBudgets()[1]!,
    make: (_spec, laboratory) => {
      const held: Array<number | undefined> = [];
      let [left, window] = [1000, 0];
      const now = (): number => {
        const current = Math.floor(laboratory.elapsedMs / 10_000);
        if (current > window) left = 1000;
        window = current;
        return left;
      };
      return {
        reserve: (input, output) => {
          const estimate = input + Math.min(output, 400);
          if (estimate > now()) return { waitMs: 1 };
          left -= estimate;
          return { id: held.push(estimate) - 1 };
        },
        settle: (id, input, output) => {
          left = Math.min(1000, now() + held[Number(id)]! - input - output);
          return true;
        },
        refund: () => true,
        levels: () => [now()],
      };
    },
  };
  const law = tokenBudgetLaws(keeping, spec).find(({ id }) => id === "T-3")!;
  const { counterexample } = await law.report({ runs: 500 });
  expect(counterexample?.operations, JSON.stringify(counterexample?.timeline)).toBeLessThanOrEqual(4);
});

it("limit in flight: one more than told, leases never end -> found", async () => {
  const ours = spillwayConcurrency();
  const wide: typeof ours = { ...ours, make: (spec, laboratory) => ours.make({ ...spec, limit: spec.limit + 1 }, laboratory) };
  expect(await broken(wide, ["L-5"])).toEqual(["L-5"]);
  const endless: typeof ours = { ...ours, make: (spec, laboratory) => ours.make({ ...spec, leaseMs: 1e9 }, laboratory) };
  expect(await broken(endless, ["L-5"])).toEqual(["L-5"]);
});

it("shared cache: everybody leads, late owners store, failed ones keep the key -> each found", async () => {
  const crowd = spillwayLeasedCache(({ request }) => ({
    request: async (key, owner) => {
      const reply = await request(key, owner);
      return reply.answer === "wait" ? { ...reply, answer: "lead" } : reply;
    },
  }));
  expect(await broken(crowd, ["C-1"])).toEqual(["C-1"]);
  const forceful = spillwayLeasedCache(({ invalidate, request, store }) => ({
    store: async (key, owner, value) => {
      await invalidate(key);
      await request(key, `${owner}!`);
      return store(key, `${owner}!`, value);
    },
  }));
  expect(await broken(forceful, ["C-6", "C-12"])).toEqual(["C-6", "C-12"]);
  const clinging = spillwayLeasedCache(() => ({ release: async () => true }));
  expect(await broken(clinging, ["C-2"])).toEqual(["C-2"]);
});

it("queue of jobs: places of those who gave up stay taken, or one too many -> found", async () => {
  const ours = spillwayLeakyQueue();
  const deaf: typeof ours = {
    ...ours,
    make: async (settings, laboratory) => {
      const made = await ours.make(settings, laboratory);
      return { submit: (job) => made.submit(job, { signal: new AbortController().signal }) };
    },
  };
  expect(await broken(deaf, ["L-17"])).toEqual(["L-17 bounded"]);
  const spec = { ...ours.spec, maxWaiting: 3 };
  expect(
    (
      await rateLimiterLaws(ours, spec)
        .find(({ part }) => part === "bounded")!
        .report({ runs: 100 })
    ).counterexample,
  ).toBeDefined();
});

it("guarded limiter: fails open, or waits for its store -> found", async () => {
  const closed = (await spillwayRedisLimiters()).find(({ name }) => name === "spillway-redis-guarded-closed")!;
  const ungenerous = { ...closed, spec: { ...closed.spec, outage: { ...closed.spec.outage!, decisionWithinMs: 50 } } };
  expect(await broken(ungenerous, ["L-18"])).toEqual(["L-18"]);
  const open: typeof closed = {
    ...closed,
    make: async (settings, laboratory, scope) => {
      const made = await closed.make(settings, laboratory, scope);
      return { consume: async (call) => (laboratory.store.state === "up" ? made.consume(call) : { admitted: true }) as Promise<Decision> };
    },
  };
  expect(await broken(open, ["L-18"])).toEqual(["L-18"]);
  await closed.close?.();
});

it("composite: charges a part on refusal -> found; bucket that follows older readings -> found", async () => {
  const composite = spillwayLimiters().find((adapter) => adapter.features.parts === true)!;
  const leaky: RefusingAdapter = {
    ...composite,
    make: async (settings, laboratory, scope) => {
      const limiter = await composite.make(settings, laboratory, scope);
      let lost = 0;
      return {
        ...limiter,
        consume: (call) => {
          const decision = limiter.consume(call) as { readonly admitted: boolean };
          if (!decision.admitted) lost++;
          return decision;
        },
        partsLeft: (key) => limiter.partsLeft!(key).map((left, part) => (part === 0 ? left - lost : left)),
      };
    },
  };
  expect(await broken(leaky, ["L-4"])).toEqual(["L-4"]);
  const follows: RefusingAdapter = {
    ...spillwayLimiters()[0]!,
    make: ({ limit, windowMs }, laboratory) => {
      let [level, lastMs] = [limit, 0];
      return {
        consume: ({ cost }) => {
          const now = laboratory.readingMs;
          level = Math.min(limit, level + (Math.abs(now - lastMs) * limit) / windowMs);
          lastMs = now;
          if (level < cost) return { admitted: false };
          level -= cost;
          return { admitted: true };
        },
      };
    },
  };
  expect(await broken(follows, ["L-10"])).toEqual(["L-10"]);
});

it("cache: without its bounds, its early refresh, its leases -> each found", async () => {
  const ours = spillwayCaches()[0]!;
  const ignoring = (...names: ReadonlyArray<keyof CacheSpec>): typeof ours => ({
    ...ours,
    make: (load, spec, laboratory) =>
      ours.make(load, Object.fromEntries(Object.entries(spec).filter(([name]) => !names.includes(name as never))) as never, laboratory),
  });
  expect(await broken(ignoring("maxEntries", "maxBytes"), ["C-7"])).toEqual(["C-7"]);
  expect(await broken(ignoring("maxLoads"), ["C-9"])).toEqual(["C-9"]);
  expect(await broken(ignoring("earlyRefresh"), ["C-10"])).toEqual(["C-10"]);
  const miscounting: typeof ours = {
    ...ours,
    make: async (load, spec, laboratory) => {
      const cache = await ours.make(load, spec, laboratory);
      return {
        get: (key, options) => cache.get(key, options),
        counts: () => ({ ...cache.counts!(), loads: 0 }),
      };
    },
  };
  expect(await broken(miscounting, ["C-11"])).toEqual(["C-11"]);
});
