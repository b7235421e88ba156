import { expect, test } from "vitest";
import { replicasCsv } from "../../src/report/replicasCsv.ts";
import { burst, pool, run, small } from "../serving/SmallWorld.ts";

const MACHINE = {
  frontend: { cores: 2, perRequest: "2ms", perStreamedToken: "0.1ms" },
  network: { bandwidth: "1GB/s" },
  disk: { bandwidth: "100MB/s", capacity: "10GB", logPerRequest: "1MB" },
} as const;

const simulated = (changes: object = {}, faults: object = {}) => {
  const chat = burst(60, { arrivals: { closed: { users: 60, think: "1ms" } }, prompt: 100, output: 50 });
  return run(small(chat, { gateway: { router: "roundRobin" }, fleet: { gpu: pool({ replicas: 3, ...changes }) }, ...faults }));
};

test("replicas: the pool's figures -> the means and largest of its replicas'", async () => {
  const { result, replicas } = await simulated(MACHINE);
  const [gpu] = result.pools;
  const mean = (of: (use: (typeof replicas)[number]) => number): number =>
    replicas.reduce((sum, use) => sum + of(use), 0) / replicas.length;
  expect(replicas.map(({ name }) => name)).toEqual(["gpu/0", "gpu/1", "gpu/2"]);
  expect(mean((use) => use.utilization)).toBeCloseTo(gpu!.utilization, 9);
  expect(mean((use) => use.kv!.meanRatio)).toBeCloseTo(gpu!.kv!.meanRatio, 9);
  expect(mean((use) => use.waiting.mean)).toBeCloseTo(gpu!.waiting.mean, 9);
  expect(Math.max(...replicas.map((use) => use.kv!.maxRatio))).toBe(gpu!.kv!.maxRatio);
  expect(mean((use) => use.resources.cpu.frontendRatio!)).toBeCloseTo(gpu!.resources.cpu.frontendRatio!, 9);
  expect(mean((use) => use.resources.network!.outRatio)).toBeCloseTo(gpu!.resources.network!.outRatio, 9);
  expect(replicas.reduce((sum, use) => sum + use.resources.disk!.writtenBytes, 0)).toBeCloseTo(gpu!.resources.disk!.writtenBytes, 3);
});

test("replicas: one of three is slowed down -> its own row shows it, not the others'", async () => {
  const faults = { faults: [{ slowdown: { pool: "gpu", replicas: 1, factor: 4, at: "0s", for: "1h" } }] };
  const even = (await simulated()).replicas;
  const { replicas } = await simulated({}, faults);
  const batch = (all: typeof replicas): ReadonlyArray<number> => all.map((use) => use.batch.mean);
  expect(Math.max(...batch(even)) / Math.min(...batch(even))).toBeLessThan(1.1);
  expect(batch(replicas)[0]! / batch(replicas)[1]!).toBeGreaterThan(1.5);
});

test("replicas.csv: a row per replica under the header, empty where nothing is modeled", async () => {
  const rows = replicasCsv((await simulated({ replicas: 2 })).replicas)
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  expect(rows.map(([name]) => name)).toEqual(["replica", "gpu/0", "gpu/1"]);
  const at = (column: string): string => rows[1]![rows[0]!.indexOf(column)]!;
  expect(at("frontendRatio")).toBe("");
  expect(Number(at("utilization"))).toBeGreaterThan(0);
  expect(at("bottleneck")).toBe("GPU");
});
