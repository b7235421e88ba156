import { expect, test } from "vitest";
import type { PoolResult } from "../../src/metric/Result.ts";
import { burst, pool, run, small } from "../serving/SmallWorld.ts";

type Engine = NonNullable<Parameters<typeof pool>[0]>["engine"];

const resourcesOf = async (engine: Engine, changes: Parameters<typeof pool>[0] = {}): Promise<PoolResult["resources"]> => {
  const chat = burst(60, { arrivals: { closed: { users: 60, think: "1ms" } }, prompt: 100, output: 50 });
  const gpu = pool({ ...changes, engine: { ...pool().engine, ...engine } });
  return (await run(small(chat, { fleet: { gpu } }))).result.pools[0]!.resources;
};

test("bottleneck: requests wait because KV blocks run out -> KV memory, not the GPU that always runs a step", async () => {
  expect((await resourcesOf({ kvBlocks: 100 })).bottleneck).toMatchObject({ resource: "KV memory" });
  expect((await resourcesOf({ kvBlocks: 100, kvWatermark: "20%" })).bottleneck).toMatchObject({ resource: "KV memory" });
});

test("bottleneck: as many requests wait with blocks to spare -> the GPU", async () => {
  expect((await resourcesOf({ maxSequences: 10 })).bottleneck).toMatchObject({ resource: "GPU" });
});

test("bottleneck: the disk refuses requests -> disk space, however much of it is free at the time", async () => {
  const disk = { bandwidth: "10GB/s", capacity: "100MB", temporaryPerRequest: "30MB" } as const;
  const { disk: used, bottleneck } = await resourcesOf({}, { disk });
  expect(used!.refused).toBeGreaterThan(0);
  expect(used!.maxUsedBytes).toBeLessThan(used!.capacityBytes);
  expect(bottleneck).toEqual({ resource: "disk space", ratio: 1 });
});
