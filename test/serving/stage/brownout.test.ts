import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, pool, run, small, worldOf } from "../SmallWorld.ts";

type Gateway = NonNullable<ScenarioInput["gateway"]>;

const stations = (services: { readonly [name: string]: `${number}ms` | `${number}s` }): ScenarioInput["fleet"] =>
  Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { station: { service } }]));

const world = (gateway: Gateway, traffic: ScenarioInput["traffic"], fleet = stations({ server: "1s" })): ScenarioInput => ({
  name: "brownout",
  horizon: "10s",
  traffic,
  gateway,
  fleet,
});

const ordered = (times: ReadonlyArray<number | null>): Array<number> => times.map((ms) => ms!).toSorted((x, y) => x - y);

describe("brownout", () => {
  const canned: Gateway = {
    brownout: { signal: "inFlight", minimumDwell: "0s", levels: [{ answer: "canned", enterAt: 4, leaveBelow: 2 }] },
  };

  test("control: 10 at once, no brownout -> all completed after 1 s", async () => {
    expect(outcomesOf(await run(world({}, { web: burst(10) })))).toEqual({ completed: 10 });
  });

  test("canned from 4 in flight on, 10 at once -> 4 completed, 6 degraded at once, for the 1 s until fewer than 2 are left", async () => {
    const simulated = await run(world(canned, { web: burst(10) }));
    expect(outcomesOf(simulated)).toEqual({ completed: 4, degraded: 6 });
    expect(ordered(column(simulated, "e2eMs"))).toEqual([0, 0, 0, 0, 0, 0, 1000, 1000, 1000, 1000]);
    expect(simulated.result.gateway.brownout).toEqual({ timeRatio: 0.1, shorter: 0, smallerModel: 0, fromCache: 0, canned: 6 });
  });

  test("shorter by half from 2 in flight on -> the first two get 100 tokens, the others 50", async () => {
    const gateway: Gateway = { brownout: { signal: "inFlight", levels: [{ answer: { shorter: 0.5 }, enterAt: 2 }] } };
    const simulated = await run(small(burst(4, { output: 100 }), { gateway, fleet: { gpu: pool() } }));
    expect(outcomesOf(simulated)).toEqual({ completed: 2, degraded: 2 });
    expect(ordered(column(simulated, "outputTokens"))).toEqual([50, 50, 100, 100]);
  });

  const fleet = stations({ big: "1s", small: "100ms" });

  test("control: two pools without a brownout -> both are used", async () => {
    expect(new Set(column(await run(world({}, { web: burst(5) }, fleet)), "replica"))).toEqual(new Set(["big/0", "small/0"]));
  });

  test("a smaller model from 3 in flight on -> three go to the big pool, the others to the small one, nobody else does", async () => {
    const gateway: Gateway = { brownout: { signal: "inFlight", levels: [{ answer: { smallerModel: "small" }, enterAt: 3 }] } };
    const simulated = await run(world(gateway, { web: burst(5) }, fleet));
    const places = simulated.sample.map(({ outcome, replica, e2eMs }) => `${outcome} ${replica} ${e2eMs}`).toSorted();
    expect(places).toEqual([...Array(3).fill("completed big/0 1000"), ...Array(2).fill("degraded small/0 100")]);
  });

  test("both pools take one at a time -> who waits for the small one is not behind those who wait for the big one", async () => {
    const gateway: Gateway = {
      queue: { capacity: 10 },
      maxInFlightPerReplica: 1,
      brownout: { signal: "queueLength", levels: [{ answer: { smallerModel: "small" }, enterAt: 2 }] },
    };
    const simulated = await run(world(gateway, { web: burst(5) }, fleet));
    expect(ordered(column(simulated, "e2eMs"))).toEqual([100, 200, 1000, 2000, 3000]);
  });

  test("queueWait: the oldest has waited for 2 s -> who comes from then on gets a fixed text", async () => {
    const gateway: Gateway = {
      queue: { capacity: 100 },
      maxInFlightPerReplica: 1,
      brownout: { levels: [{ answer: "canned", enterAt: "2s" }], minimumDwell: "100s" },
    };
    const traffic = { web: { arrivals: { deterministic: { rate: "2/s" } }, prompt: 1, output: 1 } } as const;
    const simulated = await run(world(gateway, traffic));
    const first = Math.min(...simulated.sample.filter(({ outcome }) => outcome === "degraded").map(({ arrivalMs }) => arrivalMs));
    // One per 500 ms, one served per 1000 ms from 500 ms on: the n-th waits for n * 500 ms, and the queue's oldest for 2 s by 4.5 s.
    expect(first).toBeGreaterThanOrEqual(4000);
    expect(first).toBeLessThanOrEqual(5000);
    const later = simulated.sample.filter(({ arrivalMs }) => arrivalMs > first);
    expect(later.every(({ outcome }) => outcome === "degraded")).toBe(true);
  });

  test("cached: an answer that is past its time -> given all the same; control: loaded again", async () => {
    const traffic = {
      web: { arrivals: { deterministic: { rate: "1/s" } }, prompt: 1, output: 7, repeat: { share: 1, contents: 1 } },
    } as const;
    const cache = { entries: 10, ttl: "500ms", staleIfError: "1h", latency: "0ms" } as const;
    const brownout = { signal: "inFlight", levels: [{ answer: "cached", enterAt: 0 }] } as const;
    const fast = stations({ server: "100ms" });
    const stale = outcomesOf(await run(world({ cache, brownout }, traffic, fast)));
    expect(stale["completed"]).toBe(1);
    expect(stale["degraded"]).toBeGreaterThanOrEqual(8);
    expect(outcomesOf(await run(world({ cache }, traffic, fast)))["degraded"]).toBeUndefined();
  });

  test("bad settings -> told where and why", () => {
    const faults = (brownout: Gateway["brownout"], more: Gateway = {}) => {
      return () => worldOf(world({ ...more, brownout } as Gateway, { web: burst(1) }));
    };
    const level = { answer: "canned", enterAt: 4 } as const;
    expect(faults({ levels: [{ ...level, enterAt: "1s" }] })).toThrow(/brownout\.signal must be together with gateway\.queue/u);
    expect(faults({ levels: [level] }, { queue: { capacity: 1 } })).toThrow(/levels\[0\]\.enterAt must be a time/u);
    expect(faults({ signal: "inFlight", levels: [{ ...level, enterAt: "1s" }] })).toThrow(/enterAt must be a number of attempts/u);
    expect(faults({ signal: "inFlight", levels: [level, level] })).toThrow(/levels\[1\]\.enterAt must be above/u);
    expect(faults({ signal: "inFlight", levels: [{ ...level, leaveBelow: 5 }] })).toThrow(/leaveBelow must be at most enterAt/u);
    expect(faults({ signal: "inFlight", levels: [{ ...level, answer: "cached" }] })).toThrow(/must be together with gateway\.cache/u);
    const smaller = (name: string) => faults({ signal: "inFlight", levels: [{ ...level, answer: { smallerModel: name } }] });
    expect(smaller("sever")).toThrow(/must be a pool of the fleet.*did you mean "server"/u);
    expect(smaller("server")).toThrow(/must not be the only pool/u);
  });
});
