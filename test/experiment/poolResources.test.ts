import { expect, test } from "vitest";
import type { PoolResult } from "../../src/metric/Result.ts";
import { burst, pool, run, small } from "../serving/SmallWorld.ts";

type Engine = NonNullable<Parameters<typeof pool>[0]>["engine"];

const resourcesOf = async (
  engine: Engine,
  changes: Parameters<typeof pool>[0] = {},
  traffic: Parameters<typeof burst>[1] = {},
): Promise<PoolResult["resources"]> => {
  const chat = burst(60, { arrivals: { closed: { users: 60, think: "1ms" } }, prompt: 100, output: 50, ...traffic });
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

test.each([1, 2, 4, 8])(
  "GPU busy: steps of 4 ms of GPU and 12 ms of host time before them, %i stages -> a quarter of the busy time",
  async (pp) => {
    const engine = { step: { a: 4 }, host: { perStep: "12ms" }, scheduler: "continuous" } as const;
    const arrivals = { closed: { users: 60, think: "1ms", rampUp: "1s" } } as const;
    const { gpu } = await resourcesOf(engine, { parallelism: { pp } }, { arrivals });
    expect(gpu.busyRatio).toBeGreaterThan(0.23);
    expect(gpu.busyRatio).toBeLessThan(0.26);
  },
);

test("bottleneck: the disk refuses requests -> disk space, however much of it is free at the time", async () => {
  const disk = { bandwidth: "10GB/s", capacity: "100MB", temporaryPerRequest: "30MB" } as const;
  const { disk: used, bottleneck } = await resourcesOf({}, { disk });
  expect(used!.refused).toBeGreaterThan(0);
  expect(used!.maxUsedBytes).toBeLessThan(used!.capacityBytes);
  expect(bottleneck).toEqual({ resource: "disk space", ratio: 1 });
});
