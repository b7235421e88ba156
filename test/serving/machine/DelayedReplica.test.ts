import fc from "fast-check";
import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, pool, run, small } from "../SmallWorld.ts";

type Pool = ScenarioInput["fleet"][string];
type Overhead = NonNullable<NonNullable<Pool["engine"]>["requestOverhead"]>;

const late = (requestOverhead: Overhead, changes: Partial<Pool> = {}) => ({
  fleet: { gpu: pool({ ...changes, engine: { ...changes.engine, requestOverhead } }) },
});
const where = { pool: "gpu", replicas: 1 } as const;

test("law: nothing else to do -> first token and end come later by the overhead of the prompt, to the last bit", async () => {
  const eighths = fc.integer({ min: 0, max: 4000 }).map((n) => n / 8);
  const parts = fc.record({ perRequestMs: eighths, perTokenMs: fc.integer({ min: 0, max: 64 }).map((n) => n / 64) });
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 3000 }), async ({ perRequestMs, perTokenMs }, prompt) => {
      const overhead = { perRequest: `${perRequestMs}ms`, perPromptToken: `${perTokenMs}ms` } as const;
      const simulated = await run(small(burst(1, { prompt }), late(overhead)));
      const delayMs = perRequestMs + perTokenMs * prompt;
      expect(simulated.sample).toMatchObject([{ queueWaitMs: delayMs, ttftMs: delayMs + 10, e2eMs: delayMs + 100 }]);
    }),
    { numRuns: 20 },
  );
});

test("law: any open load, an overhead for each request alike -> each answer comes later by just that", async () => {
  const chat = { arrivals: { poisson: { rate: "60/s" } }, prompt: { uniform: [1, 400] }, output: { uniform: [1, 60] } } as const;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), fc.nat(), async (quarters, seed) => {
      const engine = { maxSequences: 8, kvBlocks: 100, maxModelLen: 600 } as const;
      const plain = await run(small(chat, { fleet: { gpu: pool({ engine }) } }), { seed });
      const delayed = await run(small(chat, late({ perRequest: `${quarters / 4}ms` }, { engine })), { seed });
      const before = new Map(plain.sample.map(({ id, ttftMs }) => [id, ttftMs]));
      const both = delayed.sample.flatMap(({ id, ttftMs }) => (ttftMs === null ? [] : [ttftMs - before.get(id)!]));
      expect(new Set(both)).toEqual(new Set([quarters / 4]));
      expect(both.length).toBeGreaterThan(50);
    }),
    { numRuns: 10 },
  );
});

test("prompts of different lengths -> a short one overtakes a long one on the way to the engine", async () => {
  const long = burst(1, { prompt: 1000 });
  const short = burst(1, { prompt: 10 });
  const { sample } = await run(small(long, { traffic: { long, short }, ...late({ perPromptToken: "0.1ms" }) }));
  expect(sample.map(({ class: name, ttftMs }) => [name, ttftMs]).toSorted()).toEqual([
    ["long", 111],
    ["short", 11],
  ]);
});

test("the user hangs up meanwhile -> the engine never hears of it, and nothing is wasted", async () => {
  const simulated = await run(small(burst(3, { client: { deadline: "15ms" } }), late({ perRequest: "20ms" })));
  expect(outcomesOf(simulated)).toEqual({ expired: 3 });
  expect(simulated.result.pools[0]!.steps).toBe(0);
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(0);
});

test("the replica dies meanwhile -> all that are on their way fail; those that come when it is back are answered", async () => {
  const faults = [{ replicaDown: { ...where, at: "110ms", for: "1s" } }] as const;
  const chat = burst(20, { client: { retry: { attempts: 2, backoff: "100ms" } } });
  const simulated = await run(small(chat, { ...late({ perRequest: "200ms" }), gateway: { queue: { capacity: 20 } }, faults }));
  expect(outcomesOf(simulated)).toEqual({ completed: 20 });
  expect(new Set(column(simulated, "attempts"))).toEqual(new Set([2]));
  expect(new Set(column(simulated, "ttftMs"))).toEqual(new Set([1110 + 200 + 10]));
  // Back before the prompts would have been there.
  const short = [{ replicaDown: { ...where, at: "110ms", for: "50ms" } }] as const;
  const once = await run(small(burst(20), { ...late({ perRequest: "200ms" }), faults: short }));
  expect(outcomesOf(once)).toEqual({ failed: 20 });
  expect(once.result.pools[0]!.steps).toBe(0);
});

test("timeline: an attempt on its way counts as waiting, never as running, and not in the engine's own meter", async () => {
  const { result } = await run(small(burst(20), late({ perRequest: "5s" })));
  const waiting = result.timeline.map(({ engineWaiting, running }) => [engineWaiting, running]);
  expect(waiting.filter(([engineWaiting]) => engineWaiting === 20).length).toBeGreaterThan(2);
  expect(waiting.every(([engineWaiting, running]) => running === 0 || engineWaiting === 0)).toBe(true);
  expect(result.pools[0]!.waiting.mean).toBe(0);
});

test("maxWaiting: attempts on their way count -> no more than that are taken", async () => {
  const simulated = await run(small(burst(20), late({ perRequest: "200ms" }, { engine: { maxWaiting: 7 } })));
  expect(outcomesOf(simulated)).toEqual({ completed: 7, shed: 13 });
});

test("drain: those on their way are answered, then the replica is off; past the time limit they fail", async () => {
  const faults = [{ drain: { ...where, at: "10ms", for: "5s" } }] as const;
  const startup = { compile: "1s" } as const;
  const drained = await run(small(burst(4), { ...late({ perRequest: "50ms" }, { startup }), faults }));
  expect(outcomesOf(drained)).toEqual({ completed: 4 });
  // Off from 150 to 5,010 ms.
  expect(drained.result.pools[0]!.replicaHours * 3_600_000).toBeCloseTo(10_000 - 4860, 6);
  const cut = await run(small(burst(4), { ...late({ perRequest: "50ms" }, { startup: { ...startup, drainTimeout: "20ms" } }), faults }));
  expect(outcomesOf(cut)).toEqual({ failed: 4 });
});

test("behind a modeled front end, both stated -> one after the other", async () => {
  const frontend = { cores: 1, perRequest: "5ms", perPromptToken: "0ms", perStreamedToken: "0ms" } as const;
  expect(column(await run(small(burst(1), late({ perRequest: "20ms" }, { frontend }))), "queueWaitMs")).toEqual([25]);
});

const apart = (decider: object, faults: ScenarioInput["faults"] = []): Partial<ScenarioInput> => ({
  gateway: { disaggregation: { link: { bandwidth: "10MB/s" }, ...decider } },
  fleet: {
    prefill: { ...pool({ engine: { requestOverhead: { perRequest: "20ms" } } }), role: "prefill", kvBytesPerToken: "1kB" },
    decode: { ...pool(), role: "decode" },
  },
  faults: faults!,
});

test("prefill and decode apart -> once, before the prefill; also where a prompt goes straight to the decode pool", async () => {
  // 20 + 10 ms to the first token, 10 ms of transfer, 9 steps.
  expect((await run(small(burst(1), apart({})))).sample).toMatchObject([{ ttftMs: 30, e2eMs: 30 + 10 + 90 }]);
  const straight = await run(small(burst(1), apart({ decider: { promptLongerThan: 100 } })));
  expect(straight.sample).toMatchObject([{ ttftMs: 30, e2eMs: 120, replica: "decode/0" }]);
});

test("prefill and decode apart: KV lost on the way -> the prompt is computed again at once", async () => {
  const linkDown = [{ linkDown: { pool: "prefill", replicas: 1, at: "0ms", for: "1s" } }] as const;
  const lost = await run(small(burst(1), apart({}, linkDown)));
  expect(lost.sample).toMatchObject([{ ttftMs: 30, e2eMs: 30 + 10 + 90 }]);
  expect(lost.result.pools[0]!.handover).toMatchObject({ recomputed: 1 });
});

test("prefill and decode apart: no decode replica is left when a prompt arrives that needs one -> it fails", async () => {
  const down = [{ replicaDown: { pool: "decode", replicas: 1, at: "5ms", for: "1s" } }] as const;
  expect(outcomesOf(await run(small(burst(2), apart({ decider: { promptLongerThan: 100 } }, down))))).toEqual({ failed: 2 });
});

test("an overhead of 0 -> the document of a pool without one", async () => {
  const [plain, zero] = [await run(small(burst(3))), await run(small(burst(3), late({ perRequest: "0ms" })))];
  expect(zero.result.pools).toEqual(plain.result.pools);
  expect(zero.sample).toEqual(plain.sample);
});

test("law: clients, hedges, faults and scaling around an overhead -> every request has one outcome, and no invariant breaks", async () => {
  const worlds = fc.record({
    overhead: fc.record({
      perRequest: fc.constantFrom("0ms", "10ms", "33ms", "400ms"),
      perPromptToken: fc.constantFrom("0ms", "0.03ms", "1ms"),
    }),
    client: fc.constantFrom(
      {},
      { deadline: "300ms" },
      { patience: "250ms", retry: { attempts: 3, backoff: "20ms" } },
      { hedge: { after: "50ms", attempts: 2 } },
    ),
    around: fc.constantFrom(
      {},
      { startup: { compile: "300ms", drainTimeout: "200ms" } },
      { frontend: { cores: 1 } },
      { replicas: 1, startup: { compile: "300ms" }, autoscale: { min: 1, max: 3, interval: "1s", hpa: { target: { concurrency: 2 } } } },
    ),
    gateway: fc.constantFrom(
      {},
      { queue: { capacity: 5 } },
      { responseTimeLimit: "500ms", onDisconnect: "continue" },
      { maxInFlightPerReplica: 2 },
    ),
    fault: fc.constantFrom("replicaDown", "restart", "drain", "cacheWipe"),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ overhead, client, around, gateway, fault, seed }) => {
      const chat = { arrivals: { poisson: { rate: "40/s" } }, prompt: { uniform: [1, 300] }, output: { uniform: [1, 30] }, client };
      const starts = "startup" in around;
      const kind = starts || fault === "replicaDown" || fault === "cacheWipe" ? fault : "replicaDown";
      const scenario = {
        ...small(chat as never, { horizon: "6s" }),
        fleet: { gpu: pool({ replicas: 2, ...around, engine: { maxSequences: 4, requestOverhead: overhead } } as never) },
        gateway,
        faults: [1, 2, 3].map((at) => ({
          [kind]: { ...where, at: `${at}s`, ...(kind === "cacheWipe" || kind === "restart" ? {} : { for: "300ms" }) },
        })),
      } as unknown as ScenarioInput;
      const { result } = await run(scenario, { seed });
      const outcomes = Object.values(result.total.outcomes).reduce((sum, count) => sum + count, 0);
      expect(outcomes).toBe(result.total.requests);
      expect(result.total.requests).toBeGreaterThan(150);
    }),
    { numRuns: 40 },
  );
});

test("a prompt that no replica can ever hold -> turned away at once, as without an overhead", async () => {
  const engine = { maxModelLen: 100 } as const;
  const plain = await run(small(burst(3), { fleet: { gpu: pool({ engine }) } }));
  const delayed = await run(small(burst(3), late({ perRequest: "20ms" }, { engine })));
  expect(delayed.sample).toEqual(plain.sample);
  expect(outcomesOf(delayed)).toEqual(outcomesOf(plain));
});
