import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "./SmallWorld.ts";

type World = NonNullable<Parameters<typeof small>[1]>;
type Disaggregation = NonNullable<NonNullable<World["gateway"]>["disaggregation"]>;

/** 100 prompt tokens of 1 kB each: 100 kB. */
const KB = "1kB";
const link = (bandwidth: Disaggregation["link"]["bandwidth"], latency: "0ms" | "3ms" = "0ms"): Disaggregation => ({
  link: { bandwidth, latency },
});

const apart = (disaggregation: Disaggregation, changes: World & { readonly prefills?: number; readonly decodes?: number } = {}): World => {
  const { prefills = 1, decodes = 1, ...rest } = changes;
  return {
    fleet: {
      prefill: { ...pool({ replicas: prefills }), role: "prefill", kvBytesPerToken: KB },
      decode: { ...pool({ replicas: decodes }), role: "decode" },
    },
    ...rest,
    gateway: { disaggregation, ...rest.gateway },
  };
};

test("disaggregation: one request -> TTFT of the prefill, the transfer in the first gap, the rest as elsewhere", async () => {
  const simulated = await run(small(burst(1), apart(link("10MB/s", "3ms"))));
  // First token at 10 ms, 100 kB at 10,000 B/ms and 3 ms of latency, then nine steps of 10 ms.
  expect(simulated.sample).toMatchObject([
    { outcome: "completed", ttftMs: 10, e2eMs: 10 + 13 + 90, outputTokens: 10, replica: "decode/0" },
  ]);
  const together = await run(small(burst(1)));
  expect(together.sample).toMatchObject([{ ttftMs: 10, e2eMs: 100 }]);
});

test("disaggregation: KV in use of the prefill pool -> its blocks from admission until the KV has moved", async () => {
  const { result } = await run(small(burst(1), apart(link("10MB/s", "3ms"))));
  // 7 blocks of 16 tokens for 10 ms of prefill and 13 ms of transfer.
  expect(result.pools[0]!.kv!.meanRatio).toBeCloseTo((7 * 23) / (100_000 * 10_000), 12);
  expect(result.pools[0]!.kv!.maxRatio).toBe(7 / 100_000);
  // At 2 kB/s the transfer takes 50 s: the blocks are in use to the end.
  const stuck = await run(small(burst(1), apart(link("2kB/s"))));
  expect(stuck.result.timeline.at(-1)!.kvRatio).toBeCloseTo((7 + 6.25) / 200_000, 9);
});

test("disaggregation: two prompts end at once -> their transfers share the link one after the other", async () => {
  const simulated = await run(small(burst(2), apart(link("2MB/s"))));
  // 50 ms each on the link.
  expect(column(simulated, "ttftMs")).toEqual([10, 10]);
  expect(column(simulated, "e2eMs").toSorted()).toEqual([10 + 50 + 90, 10 + 100 + 90]);
  expect(simulated.result.pools[0]!.resources.kvLinkRatio).toBeCloseTo(100 / 10_000, 9);
});

test("disaggregation: an answer of one token -> nothing moves", async () => {
  const simulated = await run(small(burst(3, { output: 1 }), apart(link("2MB/s"))));
  expect(column(simulated, "e2eMs")).toEqual([10, 10, 10]);
  expect(simulated.result.pools[0]!.resources.kvLinkRatio).toBe(0);
});

test("disaggregation: decider by length -> short prompts are computed where they are decoded", async () => {
  const decider = { promptLongerThan: 100 } as const;
  const simulated = await run(small(burst(2), apart({ ...link("2MB/s"), decider })));
  expect(simulated.sample).toMatchObject([{ e2eMs: 100, replica: "decode/0" }, { e2eMs: 100 }]);
  expect(simulated.result.pools[0]!.steps).toBe(0);
});

test("disaggregation: decider by queue -> prompts that would wait for the prefill pool are computed where they are decoded", async () => {
  const ran = async (decider: Disaggregation["decider"]) => {
    const world = apart({ ...link("1GB/s"), ...(decider === undefined ? {} : { decider }) });
    // One prompt at a time.
    const prefill = { ...world.fleet!["prefill"]!, engine: { ...pool().engine, maxSequences: 1, maxBatchedTokens: 128 } };
    const { result } = await run(small(burst(8, { output: 20 }), { ...world, fleet: { ...world.fleet, prefill } }));
    return result.pools.map(({ tokens }) => tokens.prefill);
  };
  expect(await ran(undefined)).toEqual([800, 0]);
  // All come at once: two wait, and the others see them.
  expect(await ran({ prefillQueueBelow: 2 })).toEqual([200, 600]);
  // Both must hold.
  expect(await ran({ prefillQueueBelow: 2, promptLongerThan: 100 })).toEqual([0, 800]);
  expect(await ran({ prefillQueueBelow: 100, promptLongerThan: 50 })).toEqual([800, 0]);
});

test("disaggregation: a prompt that no decode replica can hold -> rejected at once, not failed after its prefill", async () => {
  const world = apart(link("1GB/s"));
  const decode = { ...world.fleet!["decode"]!, engine: { ...pool().engine, kvBlocks: 6 } };
  const simulated = await run(small(burst(2), { ...world, fleet: { ...world.fleet, decode } }));
  expect(outcomesOf(simulated)).toEqual({ rejected: 2 });
  expect(simulated.result.pools[0]!.steps).toBe(0);
});

test("disaggregation: a conversation whose decode replica has kept its KV -> only what is new moves", async () => {
  const cached = async (prefixCache: boolean) => {
    const world = apart(link("10MB/s"));
    const decode = { ...world.fleet!["decode"]!, engine: { ...pool().engine, prefixCache } };
    const chat = burst(1, {
      arrivals: { poisson: { rate: "0.2/s" } },
      prompt: 160,
      session: { turns: 3, think: "100ms", maxContext: "4k" },
    });
    const { result, sample } = await run(small(chat, { ...world, fleet: { ...world.fleet, decode } }));
    const prompts = sample.map(({ promptTokens }) => promptTokens);
    return { kB: result.pools[0]!.handover!.bytes / 1000, prompts, computed: result.pools[1]!.tokens.prefill };
  };
  const whole = await cached(false);
  expect(whole.prompts.length).toBeGreaterThan(2);
  expect(whole.kB).toBe(whole.prompts.reduce((sum, tokens) => sum + tokens, 0));
  const fresh = await cached(true);
  expect(fresh.prompts).toEqual(whole.prompts);
  // Turns of 160, 330 and 500 tokens; the context of the turn before lies there in whole blocks of 16.
  const kept = fresh.prompts.map((tokens) => (tokens === 160 ? 0 : Math.floor((tokens - 160 - 1) / 16) * 16));
  expect(fresh.kB).toBe(fresh.prompts.reduce((sum, tokens, i) => sum + tokens - kept[i]!, 0));
  expect(fresh.computed).toBe(0);
});

test("disaggregation: the decode pool is full -> prefill keeps the blocks and stops; every request is answered all the same", async () => {
  const world = apart(link("1GB/s"));
  const fleet = {
    // Room for two prompts at a time, and for two answers.
    prefill: { ...world.fleet!["prefill"]!, engine: { ...pool().engine, kvBlocks: 14 } },
    decode: { ...world.fleet!["decode"]!, engine: { ...pool().engine, kvBlocks: 15 } },
  };
  const simulated = await run(small(burst(6), { ...world, fleet }));
  expect(outcomesOf(simulated)).toEqual({ completed: 6 });
  const ttfts = column(simulated, "ttftMs").map((ms) => ms!);
  // The fifth prompt cannot start before the first answers are over.
  expect(ttfts.filter((ms) => ms < 40)).toHaveLength(4);
  expect(Math.max(...ttfts)).toBeGreaterThan(100);
});

test("linkDown: the KV cannot move -> the prompt is computed again where it is decoded, and TTFT stays", async () => {
  const faults = [{ linkDown: { pool: "prefill", replicas: 1, at: "0ms", for: "5s" } }] as const;
  const simulated = await run(small(burst(1), apart(link("10MB/s"), { faults })));
  const [request] = simulated.sample;
  expect(request).toMatchObject({ outcome: "completed", ttftMs: 10, outputTokens: 10 });
  expect(simulated.result.pools[1]!.tokens.prefill).toBe(100);
  expect(request!.e2eMs).toBeGreaterThanOrEqual(10 + 100);
});

test("linkDown with a prefix cache on the decode side -> KV that never came is no hit: every lost prompt is computed again", async () => {
  const faults = [{ linkDown: { pool: "prefill", replicas: 1, at: "0ms", for: "5s" } }] as const;
  const world = apart(link("10MB/s"), { faults });
  const decode = { ...world.fleet!["decode"]!, engine: { ...pool().engine, prefixCache: true } };
  const { result } = await run(small(burst(3), { ...world, fleet: { ...world.fleet, decode } }));
  expect(result.pools[0]!.handover).toMatchObject({ recomputed: 3 });
  expect(result.pools[1]!.tokens.prefill).toBe(300);
});

test("linkSlow: transfers take the factor longer", async () => {
  const faults = [{ linkSlow: { pool: "prefill", replicas: 1, factor: 3, at: "0ms", for: "5s" } }] as const;
  expect(column(await run(small(burst(1), apart(link("10MB/s"), { faults }))), "e2eMs")).toEqual([10 + 30 + 90]);
});

test("replicaDown: the decode replica dies during the transfer -> another takes over; with none up, the prompt waits for it", async () => {
  const down = { replicaDown: { pool: "decode", replicas: 1, at: "30ms", for: "200ms" } } as const;
  // The link is busy with the lost transfer until 60 ms.
  const other = await run(small(burst(1), apart(link("2MB/s"), { decodes: 2, faults: [down] })));
  expect(other.sample).toMatchObject([{ outcome: "completed", replica: "decode/1", e2eMs: 60 + 50 + 90 }]);
  const none = await run(small(burst(1), apart(link("2MB/s"), { faults: [down] })));
  expect(none.sample).toMatchObject([{ outcome: "completed", ttftMs: 10, e2eMs: 230 + 50 + 90 }]);
});

test("replicaDown: the prefill replica dies -> prompts at work fail, what moves is computed again, what decodes goes on", async () => {
  const down = (at: "5ms" | "30ms" | "80ms") => [{ replicaDown: { pool: "prefill", replicas: 1, at, for: "1s" } }] as const;
  const at = async (when: "5ms" | "30ms" | "80ms") => (await run(small(burst(1), apart(link("2MB/s"), { faults: down(when) })))).sample;
  expect(await at("5ms")).toMatchObject([{ outcome: "failed" }]);
  expect(await at("30ms")).toMatchObject([{ outcome: "completed", ttftMs: 10, outputTokens: 10 }]);
  expect(await at("80ms")).toMatchObject([{ outcome: "completed", e2eMs: 10 + 50 + 90 }]);
});

test("disaggregation: users hang up, replicas die, links go down -> every request has one outcome and no blocks are lost", async () => {
  const chat = {
    arrivals: { poisson: { rate: "60/s" } },
    prompt: { uniform: [10, 400] },
    output: { uniform: [1, 60] },
    client: { deadline: "500ms", retry: { attempts: 3, backoff: "20ms" } },
  } as const;
  const faults = [
    { replicaDown: { pool: "decode", replicas: 1, at: "2s", for: "300ms" } },
    { replicaDown: { pool: "prefill", replicas: 1, at: "3s", for: "300ms" } },
    { linkDown: { pool: "prefill", replicas: 2, at: "4s", for: "300ms" } },
    { replicaDown: { pool: "decode", replicas: 2, at: "5s", for: "200ms" } },
  ] as const;
  const world = apart(link("20MB/s", "3ms"), { prefills: 2, decodes: 2, faults });
  const { result } = await run(small(chat, world));
  const sum = Object.values(result.total.outcomes).reduce((total, count) => total + count, 0);
  expect(sum).toBe(result.total.requests);
  expect(result.total.outcomes.completed).toBeGreaterThan(400);
  expect(result.total.outcomes.expired).toBeGreaterThan(0);
  expect(result.total.outcomes.unfinished).toBeLessThan(60);
});

test("handover: what moved and what was lost -> in the result of the prefill pool, and in no other's", async () => {
  const moved = await run(small(burst(2), apart(link("2MB/s"))));
  expect(moved.result.pools.map(({ handover }) => handover)).toEqual([{ transfers: 2, bytes: 200_000, recomputed: 0 }, undefined]);
  const faults = [{ linkDown: { pool: "prefill", replicas: 1, at: "20ms", for: "5s" } }] as const;
  // Both transfers are under way, or wait for the link, when it goes down after 10 ms of work.
  const lost = await run(small(burst(2), apart(link("2MB/s"), { faults })));
  expect(lost.result.pools[0]!.handover).toEqual({ transfers: 2, bytes: 200_000, recomputed: 2 });
  expect(lost.result.pools[0]!.resources.kvLinkRatio).toBeCloseTo(10 / 10_000, 9);
  expect((await run(small(burst(2)))).result.pools[0]).not.toHaveProperty("handover");
});

test("linkSlow: two overlap -> factors multiply, and each ends by itself", async () => {
  const slow = (factor: number, length: "8ms" | "5s") =>
    ({ linkSlow: { pool: "prefill", replicas: 1, factor, at: "0ms", for: length } }) as const;
  const end = async (...faults: ReadonlyArray<ReturnType<typeof slow>>) =>
    column(await run(small(burst(1), apart(link("10MB/s"), { faults }))), "e2eMs");
  expect(await end(slow(3, "5s"), slow(2, "5s"))).toEqual([10 + 60 + 90]);
  expect(await end(slow(3, "5s"), slow(2, "8ms"))).toEqual([10 + 30 + 90]);
});

test("linkSlow and slowdown at one time -> link and steps each have their own factor", async () => {
  const where = { pool: "prefill", replicas: 1, at: "0ms", for: "5s" } as const;
  const faults = [{ linkSlow: { ...where, factor: 3 } }, { slowdown: { ...where, factor: 2 } }] as const;
  expect(column(await run(small(burst(1), apart(link("10MB/s"), { faults }))), "e2eMs")).toEqual([20 + 30 + 90]);
});

test("linkDown: two overlap -> down until the last one ends", async () => {
  const down = (length: "8ms" | "5s") => ({ linkDown: { pool: "prefill", replicas: 1, at: "0ms", for: length } }) as const;
  const simulated = await run(small(burst(1), apart(link("10MB/s"), { faults: [down("5s"), down("8ms")] })));
  expect(simulated.result.pools[0]!.handover).toMatchObject({ transfers: 0, recomputed: 1 });
});

test("layerwise: KV goes while the prompt is computed -> only the last layer's, or what the link did not manage, comes after", async () => {
  const layered = (bandwidth: "10MB/s" | "2MB/s", users = 1) => {
    const world = apart({ ...link(bandwidth), layerwise: true });
    const known = { gpu: "H100", model: "llama-3.1-8b" };
    const engine = { ...pool().engine, kvBlocks: 1000 };
    const fleet = { prefill: { ...world.fleet!["prefill"]!, ...known, engine }, decode: { ...world.fleet!["decode"]!, ...known, engine } };
    return run(small(burst(users), { ...world, fleet }));
  };
  const lastLayerMs = 10 / 32;
  expect(column(await layered("10MB/s"), "e2eMs")).toEqual([10 + lastLayerMs + 90]);
  // The first prompt's 31 layers take 9.6875 of the 10 ms; the second one's KV is there at 20 ms and waits for the step of the first.
  expect(column(await layered("10MB/s", 2), "e2eMs").toSorted()).toEqual([10 + lastLayerMs + 90, 20 + lastLayerMs + 90]);
  // 50 ms on the link, of which 10 ms pass during the prefill.
  const slow = await layered("2MB/s");
  expect(column(slow, "e2eMs")).toEqual([50 + 90]);
  expect(slow.result.pools[0]!.resources.kvLinkRatio).toBeCloseTo(50 / 10_000, 9);
});

/** Prompts of 1,000 tokens at 20 tokens/ms per prefill replica; 99 further tokens at 50 per step of 15 ms per decode replica. */
const busyByWork = async (prefills: number, decodes: number) => {
  const world = apart(link("10GB/s"), { prefills, decodes });
  const fleet = {
    prefill: { ...world.fleet!["prefill"]!, engine: { ...pool().engine, step: { a: 0.5, d: 0.05 } } },
    decode: { ...world.fleet!["decode"]!, engine: { ...pool().engine, maxSequences: 50, step: { a: 10, b: 0.1 } } },
  };
  const chat = burst(300, { arrivals: { closed: { users: 300, think: "1ms" } }, prompt: 1000, output: 100 });
  const { result } = await run(small(chat, { ...world, fleet, horizon: "14s", warmup: "6s" }));
  const [prefill, decode] = result.pools;
  return {
    prefill: prefill!.tokens.prefill / (8000 * prefills * 20),
    decode: decode!.tokens.decode / (8000 * decodes * (50 / 15)),
    prefillWaiting: prefill!.waiting.mean,
    decodeWaiting: decode!.waiting.mean,
  };
};

test("rate matching: replicas as (input rate / prefill rate) : (output rate / decode rate) -> both pools work at capacity", async () => {
  // 1,000 / 20 : 99 / (50 / 15) = 5 : 2.97.
  const busy = await busyByWork(5, 3);
  expect(busy.prefill).toBeGreaterThan(0.96);
  expect(busy.decode).toBeGreaterThan(0.96);
});

test("rate matching: other ratios of the same eight replicas -> the short side works at capacity and queues, the other has time", async () => {
  const fewDecodes = await busyByWork(6, 2);
  expect(fewDecodes.decode).toBeGreaterThan(0.96);
  expect(fewDecodes.prefill).toBeCloseTo((2 / 6) * (5 / 2.97), 1);
  expect(fewDecodes.decodeWaiting).toBeGreaterThan(10);
  const fewPrefills = await busyByWork(3, 5);
  expect(fewPrefills.prefill).toBeGreaterThan(0.96);
  expect(fewPrefills.decode).toBeCloseTo((3 / 5) * (2.97 / 5), 1);
  expect(fewPrefills.prefillWaiting).toBeGreaterThan(10);
  expect(fewPrefills.decodeWaiting).toBeLessThan(1);
});
