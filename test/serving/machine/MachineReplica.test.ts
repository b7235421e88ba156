import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "../SmallWorld.ts";

const with_ = (changes: Parameters<typeof pool>[0]) => ({ fleet: { gpu: pool(changes) } });

test("front end: tokenization -> the prompt reaches the engine that much later, one after another on the cores", async () => {
  const frontend = { cores: 1, perRequest: "1ms", perPromptToken: "0.04ms", perStreamedToken: "0ms" } as const;
  const simulated = await run(small(burst(3), with_({ frontend })));
  // Each needs 5 ms of one core; steps begin at 5 and 15 ms.
  expect(column(simulated, "queueWaitMs")).toEqual([5, 15, 15]);
  expect(column(await run(small(burst(3), with_({}))), "queueWaitMs")).toEqual([0, 0, 0]);
});

test("front end: streamed tokens cost more than the cores have -> ends come late by the backlog, the engine goes on", async () => {
  // 20 users, a token each per 10 ms: 2 tokens/ms at 1 ms each on one core, which is busy from 0 to 200 ms.
  const frontend = { cores: 1, perRequest: "0ms", perPromptToken: "0ms", perStreamedToken: "1ms" } as const;
  const simulated = await run(small(burst(20), with_({ frontend })));
  expect(new Set(column(simulated, "e2eMs"))).toEqual(new Set([200]));
  const resources = simulated.result.pools[0]!.resources;
  expect(simulated.result.pools[0]!.steps).toBe(10);
  expect(resources.cpu.frontendRatio).toBeCloseTo(200 / 10_000, 9);
  expect(resources.bottleneck).toEqual({ resource: "front-end CPU", ratio: resources.cpu.frontendRatio });
  // As many cores as needed: nothing waits.
  const relieved = await run(small(burst(20), with_({ frontend: { ...frontend, cores: 4 } })));
  expect(new Set(column(relieved, "e2eMs"))).toEqual(new Set([100]));
});

test("network: prompts and tokens of known size -> bytes in and out, each way counted", async () => {
  const network = { bandwidth: "1MB/s", perPromptToken: "100B", perStreamedToken: "250B" } as const;
  const simulated = await run(small(burst(1), with_({ network })));
  // 100 tokens of 100 B take 10 ms at 1,000 B/ms.
  expect(column(simulated, "queueWaitMs")).toEqual([10]);
  expect(simulated.result.pools[0]!.resources.network).toEqual({
    inBytesPerSecond: 1000,
    outBytesPerSecond: 250,
    inRatio: 0.001,
    outRatio: 0.00025,
  });
});

test("disk: full -> requests fail; log lines stay, temporary files go", async () => {
  const disk = { bandwidth: "1GB/s", capacity: "10kB", logPerRequest: "1kB", temporaryPerRequest: "4kB" } as const;
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "1ms" } } });
  const simulated = await run(small(chat, { horizon: "3s", ...with_({ disk }) }));
  // The seventh request would need 6 kB of logs and 5 kB of its own.
  expect(outcomesOf(simulated)["completed"]).toBe(6);
  expect(outcomesOf(simulated)["failed"]).toBeGreaterThan(1);
  const { disk: used } = simulated.result.pools[0]!.resources;
  expect(used).toMatchObject({ writtenBytes: 30_000, maxUsedBytes: 10_000, capacityBytes: 10_000 });
  expect(used!.refused).toBe(outcomesOf(simulated)["failed"]);
});

test("machine: the user hangs up while the answer queues -> no answer, and nothing is lost", async () => {
  const frontend = { cores: 1, perRequest: "0ms", perPromptToken: "0ms", perStreamedToken: "1ms" } as const;
  const client = { deadline: "150ms" } as const;
  const simulated = await run(small(burst(20, { client }), with_({ frontend })));
  expect(outcomesOf(simulated)).toEqual({ expired: 20 });
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(200);
});

test("machine: the replica dies while prompts are tokenized and answers queue -> all of them fail", async () => {
  const frontend = { cores: 1, perRequest: "20ms", perPromptToken: "0ms", perStreamedToken: "1ms" } as const;
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "110ms", for: "1s" } }] as const;
  const simulated = await run(small(burst(20), { ...with_({ frontend }), faults }));
  expect(outcomesOf(simulated)).toEqual({ failed: 20 });
});

test("machine: the user hangs up while the prompt is tokenized -> it never reaches the engine", async () => {
  const frontend = { cores: 1, perRequest: "20ms", perPromptToken: "0ms", perStreamedToken: "0ms" } as const;
  const simulated = await run(small(burst(3, { client: { deadline: "15ms" } }), with_({ frontend })));
  expect(outcomesOf(simulated)).toEqual({ expired: 3 });
  expect(simulated.result.pools[0]!.steps).toBe(0);
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(0);
});

test("machine: the replica dies while prompts are tokenized -> nothing runs in it, and not less than nothing", async () => {
  const frontend = { cores: 1, perRequest: "200ms", perPromptToken: "0ms", perStreamedToken: "0ms" } as const;
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "110ms", for: "1s" } }] as const;
  const simulated = await run(small(burst(20), { ...with_({ frontend }), faults }));
  expect(outcomesOf(simulated)).toEqual({ failed: 20 });
  expect(new Set(simulated.result.timeline.map(({ running }) => running))).toEqual(new Set([0]));
  expect(new Set(simulated.result.timeline.map(({ engineWaiting }) => engineWaiting))).toEqual(new Set([0, 20]));
});
