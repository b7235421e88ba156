import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { column, outcomesOf, run } from "../SmallWorld.ts";

type Station = NonNullable<ScenarioInput["fleet"][string]["station"]>;
type Client = NonNullable<ScenarioInput["traffic"][string]["client"]>;

/** So many requests at time 0. */
const world = (
  users: number,
  attempts: number,
  fleet: { readonly [pool: string]: Partial<Station> },
  client: Client = {},
): ScenarioInput => ({
  name: "tries",
  horizon: "30s",
  traffic: { web: { arrivals: { closed: { users, think: "100h" } }, prompt: 1, output: 1, client } },
  gateway: { retry: { attempts }, router: "roundRobin" },
  fleet: Object.fromEntries(Object.entries(fleet).map(([name, station]) => [name, { station: { service: "1s", ...station } }])),
});

describe("the gateway's own tries", () => {
  test("the first of two servers fails always, two tries -> answered by the second, by one attempt of the client", async () => {
    const fleet = { bad: { failures: 1, service: "100ms" }, good: {} } as const;
    const simulated = await run(world(1, 2, fleet));
    expect(outcomesOf(simulated)).toEqual({ completed: 1 });
    expect(column(simulated, "attempts")).toEqual([1]);
    expect(column(simulated, "e2eMs")).toEqual([1100]);
    expect(column(simulated, "replica")).toEqual(["good/0"]);
    expect(outcomesOf(await run(world(1, 1, fleet)))).toEqual({ failed: 1 });
  });

  test("all servers fail, three tries by the gateway, two by the client -> six in all, then failed", async () => {
    const retry = { attempts: 2, backoff: "0s", maxBackoff: "0s", jitter: "none" } as const;
    const simulated = await run(world(10, 3, { bad: { failures: 1 } }, { retry }));
    expect(outcomesOf(simulated)).toEqual({ failed: 10 });
    expect(simulated.result.pools[0]!.steps).toBe(60);
    expect(simulated.result.total.outcomes.failed).toBe(10);
  });

  test("tries of the same request -> each has its own luck", async () => {
    const simulated = await run(world(1000, 3, { bad: { failures: 0.5 } }));
    expect(outcomesOf(simulated)["failed"]! / 1000).toBeGreaterThan(0.09);
    expect(outcomesOf(simulated)["failed"]! / 1000).toBeLessThan(0.16);
  });

  test("no room anywhere -> as many tries at once, then shed", async () => {
    const simulated = await run(world(3, 4, { small: { servers: 1, maxWaiting: 0 } }));
    expect(outcomesOf(simulated)).toEqual({ completed: 1, shed: 2 });
  });

  test("the client hangs up during a further try -> the server is free at once", async () => {
    const simulated = await run(world(1, 5, { bad: { failures: 1 } }, { deadline: "2500ms" }));
    expect(outcomesOf(simulated)).toEqual({ expired: 1 });
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(2.5 / 30, 9);
  });
});

describe("the quota of a station", () => {
  const quota = { limit: 3, window: "1s" } as const;

  test("five at once, three per second -> three served, two refused at once", async () => {
    const simulated = await run(world(5, 1, { api: { quota } }));
    expect(outcomesOf(simulated)).toEqual({ completed: 3, shed: 2 });
    expect(simulated.sample.filter(({ outcome }) => outcome === "shed").every(({ e2eMs }) => e2eMs === null)).toBe(true);
  });

  test("a stream of 20/s for 30 s -> 3 of each second, over all replicas together", async () => {
    const stream = world(1, 1, { api: { quota, service: "1ms" } });
    const simulated = await run({
      ...stream,
      traffic: { web: { arrivals: { poisson: { rate: "20/s" } }, prompt: 1, output: 1 } },
      fleet: { api: { station: { service: "1ms", quota }, replicas: 4 } },
    });
    expect(outcomesOf(simulated)["completed"]).toBe(90);
  });

  test("a refused attempt that found no waiting place -> takes nothing of the quota", async () => {
    const retry = { attempts: 3, backoff: "600ms", maxBackoff: "600ms", jitter: "none" } as const;
    const simulated = await run(world(3, 1, { api: { quota, servers: 1, maxWaiting: 0, service: "500ms" } }, { retry }));
    expect(outcomesOf(simulated)).toEqual({ completed: 3 });
  });
});

describe("a budget of the gateway's own tries", () => {
  const budget = { active: { ratio: 0.2, minConcurrency: 3 } } as const;

  test("25 requests fail together, 20 % of those under way -> five further tries at once; without a budget all", async () => {
    const steps = async (retry: NonNullable<NonNullable<ScenarioInput["gateway"]>["retry"]>): Promise<number> => {
      const simulated = await run({ ...world(25, 2, { bad: { failures: 1 } }), gateway: { retry } });
      expect(outcomesOf(simulated)).toEqual({ failed: 25 });
      return simulated.result.pools[0]!.steps;
    };
    expect(await steps({ attempts: 2, budget })).toBeLessThanOrEqual(25 + 5);
    expect(await steps({ attempts: 2, budget })).toBeGreaterThan(25);
    expect(await steps({ attempts: 2 })).toBe(50);
  });

  test("clients hang up while their further tries are under way -> others get theirs afterwards", async () => {
    const early = world(20, 3, { bad: { failures: 1, service: "2s" } }, { deadline: "3s" });
    const rate = {
      piecewise: [
        ["0s", "0/s"],
        ["10s", "1/s"],
      ],
      interpolation: "step",
    } as const;
    const late = { arrivals: { poisson: { rate } }, prompt: 1, output: 1 } as const;
    const { result } = await run({
      ...early,
      traffic: { early: early.traffic["web"]!, late },
      gateway: { retry: { attempts: 3, budget } },
    });
    // Of the early ones only the first tries came to an end.
    expect(result.pools[0]!.steps).toBeGreaterThan(20 + result.classes.find(({ name }) => name === "late")!.requests);
  });
});
