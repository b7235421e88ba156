import { expect, test } from "vitest";
import { burst, column, NOBODY, outcomesOf, pool, run, small, watching } from "./SmallWorld.ts";

const attemptTimes = async (chat: Parameters<typeof small>[0]) => {
  const timesMs: Array<number> = [];
  const simulated = await run(small(chat, { horizon: "1m" }), { components: { router: watching(NOBODY, timesMs) } });
  return { simulated, timesMs };
};

test("client deadline: passes while the answer streams -> expired, and the engine stops at the next boundary", async () => {
  const simulated = await run(small(burst(1, { client: { deadline: "45ms" } })));
  expect(outcomesOf(simulated)).toEqual({ expired: 1 });
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(5);
  expect(simulated.result.gateway.cut).toBe(0);
});

test("client deadline: at the very end of the answer -> completed", async () => {
  expect(outcomesOf(await run(small(burst(1, { client: { deadline: "100ms" } }))))).toEqual({ completed: 1 });
});

test("client deadline: passes during a backoff -> expired, and nobody tries again", async () => {
  const client = { deadline: "250ms", retry: { attempts: 9, backoff: "100ms", factor: 2, jitter: "none" } } as const;
  const { simulated, timesMs } = await attemptTimes(burst(1, { client }));
  expect(timesMs).toEqual([0, 100]);
  expect(outcomesOf(simulated)).toEqual({ expired: 1 });
});

test("client patience: no first token in time -> abandoned; the patience ends with the first token", async () => {
  const fleet = { gpu: pool({ engine: { maxSequences: 1 } }) };
  const simulated = await run(small(burst(3, { client: { patience: "150ms" } }), { fleet }));
  expect(column(simulated, "outcome").toSorted()).toEqual(["abandoned", "completed", "completed"]);
  // The second has its first token after 110 ms and its last after 200 ms.
  expect(Math.max(...column(simulated, "e2eMs").map(Number))).toBe(200);
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(0);
});

test("client patience: starts anew with each attempt", async () => {
  // The replica is down until 300 ms; the attempt at 310 ms has its first token at 320 ms.
  const client = { patience: "50ms", retry: { attempts: 2, backoff: "310ms", jitter: "none" } } as const;
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "0s", for: "300ms" } }] as const;
  const simulated = await run(small(burst(1, { client }), { faults }));
  expect(outcomesOf(simulated)).toEqual({ completed: 1 });
});

test("client retries: no jitter -> exact waits, doubled up to the bound, and so many attempts in all", async () => {
  const retry = { attempts: 6, backoff: "100ms", factor: 2, maxBackoff: "500ms", jitter: "none" } as const;
  const { simulated, timesMs } = await attemptTimes(burst(1, { client: { retry } }));
  expect(timesMs).toEqual([0, 100, 300, 700, 1200, 1700]);
  expect(outcomesOf(simulated)).toEqual({ shed: 1 });
  expect(column(simulated, "attempts")).toEqual([6]);
  expect(simulated.result.classes[0]!.attempts).toBe(6);
});

test("client retries: no retry in the scenario -> one attempt", async () => {
  expect((await attemptTimes(burst(1))).timesMs).toEqual([0]);
});

test("client retries: no wait at all -> all attempts at once, and the run goes on", async () => {
  const retry = { attempts: 4, backoff: "0ms", maxBackoff: "0ms", jitter: "none" } as const;
  expect((await attemptTimes(burst(1, { client: { retry } }))).timesMs).toEqual([0, 0, 0, 0]);
});

test("client retries: full jitter -> each wait uniform between 0 and the backoff, everybody with luck of his own", async () => {
  const retry = { attempts: 2, backoff: "1s", jitter: "full" } as const;
  const { timesMs } = await attemptTimes(burst(400, { client: { retry } }));
  const waits = timesMs.slice(400);
  expect(waits).toHaveLength(400);
  expect(new Set(waits).size).toBe(400);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1000);
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / 400;
  // Four standard errors of a uniform mean.
  expect(Math.abs(mean - 500)).toBeLessThan((4 * 1000) / Math.sqrt(12 * 400));
});

test("client retries: full jitter and a factor -> the k-th wait is at most backoff * factor^(k-1)", async () => {
  const retry = { attempts: 4, backoff: "100ms", factor: 3, jitter: "full" } as const;
  for (let seed = 1; seed <= 20; seed++) {
    const timesMs: Array<number> = [];
    await run(small(burst(1, { client: { retry } })), { seed, components: { router: watching(NOBODY, timesMs) } });
    expect(timesMs).toHaveLength(4);
    for (const [k, most] of [100, 300, 900].entries()) {
      const wait = timesMs[k + 1]! - timesMs[k]!;
      expect(wait >= 0 && wait <= most).toBe(true);
    }
  }
});

test("client retries: the prompt can never fit -> rejected after one attempt", async () => {
  const client = { retry: { attempts: 5, backoff: "1ms" } } as const;
  const fleet = { gpu: pool({ engine: { maxModelLen: 100 } }) };
  const simulated = await run(small(burst(1, { client }), { fleet }));
  expect(outcomesOf(simulated)).toEqual({ rejected: 1 });
  expect(column(simulated, "attempts")).toEqual([1]);
  const fits = await run(small(burst(1, { client, prompt: 99 }), { fleet }));
  expect(outcomesOf(fits)).toEqual({ completed: 1 });
  expect(column(fits, "outputTokens")).toEqual([1]);
});

test("client retries: the second attempt is answered -> times count from the arrival of the request, the queue wait from the attempt", async () => {
  const client = { retry: { attempts: 2, backoff: "310ms", jitter: "none" } } as const;
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "0s", for: "300ms" } }] as const;
  const simulated = await run(small(burst(1, { client, slo: { ttft: "300ms" } }), { faults }));
  expect(simulated.sample).toMatchObject([
    { outcome: "completed", attempts: 2, ttftMs: 320, e2eMs: 410, queueWaitMs: 0, tpotMs: 10, good: false },
  ]);
  expect(simulated.result.classes[0]!.attempts).toBe(2);
});

test("quota of retries: each first try times out, each retry succeeds -> what it cost comes back, so nobody is ever refused one", async () => {
  const quota = { capacity: 10, retryCost: 5, timeoutCost: 10, successCredit: 0 };
  const client = { attemptTimeout: "50ms", retry: { attempts: 2, backoff: "1ms", jitter: "none", budget: { quota } } } as const;
  const simulated = await run({
    name: "quota",
    horizon: "5s",
    traffic: { chat: { arrivals: { closed: { users: 1, think: "1ms" } }, prompt: 1, output: 1, client } },
    gateway: { router: "roundRobin" },
    fleet: { slow: { station: { service: "1s", servers: 100 } }, fast: { station: { service: "10ms" } } },
  });
  const { completed, unfinished = 0, ...others } = outcomesOf(simulated);
  expect(completed).toBeGreaterThan(50);
  expect([unfinished <= 1, others]).toEqual([true, {}]);
});
