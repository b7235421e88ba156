import * as Layer from "effect/Layer";
import { expect, test } from "vitest";
import { componentsOf, scenario } from "../../src/scenario/Scenario.ts";
import { Router } from "../../src/serving/Router.ts";
import { burst, column, outcomesOf, pool, run, small } from "./SmallWorld.ts";

const ROUTERS = ["roundRobin", "random", "weighted", "leastOutstanding", "powerOfTwo", "prefixAffinity"] as const;

const countByReplica = (names: ReadonlyArray<string | null>): { [name: string]: number } => {
  const counts: { [name: string]: number } = {};
  for (const name of names) counts[String(name)] = (counts[String(name)] ?? 0) + 1;
  return counts;
};

test.each(ROUTERS)("%s: a backup pool -> used only while the primary pool is down", async (router) => {
  const steady = burst(1, { arrivals: { closed: { users: 1, think: "100ms" } } });
  const fleet = { main: pool({ replicas: 2 }), spare: pool({ backup: true }) };
  const faults = [{ replicaDown: { pool: "main", replicas: 2, at: "350ms", for: "400ms" } }] as const;
  const simulated = await run(small(steady, { horizon: "1150ms", fleet, faults, gateway: { router } }));
  expect(outcomesOf(simulated)).toEqual({ completed: 6 });
  expect(column(simulated, "replica").map((name) => name!.split("/")[0])).toEqual(["main", "main", "spare", "spare", "main", "main"]);
  expect(simulated.result.gateway.router).toBe(router);
});

test("backup pool: the primaries are full -> backups take over", async () => {
  const fleet = { main: pool(), spare: pool({ backup: true }) };
  const simulated = await run(small(burst(3), { fleet, gateway: { router: "weighted", maxInFlightPerReplica: 2 } }));
  expect(countByReplica(column(simulated, "replica"))).toEqual({ "main/0": 2, "spare/0": 1 });
});

test("weighted: weights 3 and 1 -> three of four", async () => {
  const fleet = { large: pool({ weight: 3 }), small: pool() };
  const simulated = await run(small(burst(40), { fleet, gateway: { router: "weighted" } }));
  expect(countByReplica(column(simulated, "replica"))).toEqual({ "large/0": 30, "small/0": 10 });
});

test("leastOutstanding: a burst over 4 replicas -> evenly, and the busier ones are avoided afterwards", async () => {
  const simulated = await run(small(burst(40), { fleet: { gpu: pool({ replicas: 4 }) } }));
  expect(Object.values(countByReplica(column(simulated, "replica")))).toEqual([10, 10, 10, 10]);
});

test("prefixAffinity: requests with one of few prefixes -> more cache hits than round robin", async () => {
  const chat = { arrivals: { poisson: { rate: "5/s" } }, prompt: 16, output: 5, prefix: { count: 20, tokens: 320, zipf: 0 } } as const;
  const hitRatio = async (router: "roundRobin" | "prefixAffinity") => {
    const fleet = { gpu: pool({ replicas: 4, engine: { prefixCache: true } }) };
    const simulated = await run(small(chat, { horizon: "20s", fleet, gateway: { router } }));
    return simulated.result.pools[0]!.prefixCache.hitRatio!;
  };
  expect(await hitRatio("prefixAffinity")).toBeGreaterThan((await hitRatio("roundRobin")) + 0.1);
});

test("a router of one's own: attached to a scenario -> picks, and its name is in the result", async () => {
  const last = Layer.succeed(Router, { name: "last", pick: (fleet) => fleet.count - 1 });
  const authored = scenario(small(burst(5), { fleet: { gpu: pool({ replicas: 3 }) } }), { components: { router: last } });
  const simulated = await run(authored, { components: componentsOf(authored) });
  expect(column(simulated, "replica")).toEqual(["gpu/2", "gpu/2", "gpu/2", "gpu/2", "gpu/2"]);
  expect(simulated.result.gateway.router).toBe("last");
});

test("a router of one's own: sees what a gateway knows -> outstanding attempts, availability, class and prompt", async () => {
  const seen: Array<unknown> = [];
  const router = Layer.succeed(Router, {
    name: "seeing",
    pick: (fleet, request) => {
      seen.push([[...fleet.outstanding], [...fleet.available], [...fleet.weight], [...fleet.backup], { ...request }]);
      return 1;
    },
  });
  const fleet = { one: pool({ weight: 5 }), two: pool({ backup: true }) };
  const faults = [{ replicaDown: { pool: "one", replicas: 1, at: "0s", for: "1s" } }] as const;
  await run(small(burst(2), { fleet, faults }), { components: { router } });
  expect(seen).toEqual([
    [[0, 0], [0, 1], [5, 1], [0, 1], { promptTokens: 100, prefixHash: 0, classIndex: 0 }],
    [[0, 1], [0, 1], [5, 1], [0, 1], { promptTokens: 100, prefixHash: 0, classIndex: 0 }],
  ]);
});

test("records: a request that failed on a replica -> the replica of its last attempt", async () => {
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "55ms", for: "1s" } }] as const;
  const simulated = await run(small(burst(1), { faults }));
  expect(column(simulated, "replica")).toEqual(["gpu/0"]);
});
