import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { expect, test } from "vitest";
import { runReplication } from "../../src/experiment/runReplication.ts";
import { burst, column, outcomesOf, pool, run, small, watching, worldOf } from "./SmallWorld.ts";

// One conversation starts within the first 15 s, at 10 s; each prompt has 100 tokens, each answer 11 in 110 ms.
const conversation = {
  arrivals: { deterministic: { rate: "0.1/s" } },
  prompt: 100,
  output: 11,
  session: { turns: 4, think: "1s" },
} as const;
const cached = { gpu: pool({ engine: { prefixCache: true } }) };
const FIFTEEN_SECONDS = { horizon: "15s", fleet: cached } as const;

test("session: each turn sends the whole context again, one think time after the answer", async () => {
  const simulated = await run(small(conversation, FIFTEEN_SECONDS));
  expect(outcomesOf(simulated)).toEqual({ completed: 4 });
  expect(column(simulated, "promptTokens")).toEqual([100, 211, 322, 433]);
  const [first, ...rest] = column(simulated, "arrivalMs");
  expect(rest.map((atMs) => atMs - first!)).toEqual([1110, 2220, 3330]);
});

test("session: prefix cache -> every full block of the earlier context is found; without it, none", async () => {
  const simulated = await run(small(conversation, FIFTEEN_SECONDS));
  // The keys and values of the last token of an answer are never computed: 110, 221, 332 tokens in blocks of 16.
  expect(column(simulated, "cachedTokens")).toEqual([0, 96, 208, 320]);
  const without = await run(small(conversation, { horizon: "15s" }));
  expect(column(without, "cachedTokens")).toEqual([0, 0, 0, 0]);
});

test("session: a shared prefix comes once, in front", async () => {
  const simulated = await run(small({ ...conversation, prefix: { count: 1, tokens: 64 } }, FIFTEEN_SECONDS));
  expect(column(simulated, "promptTokens")).toEqual([164, 275, 386, 497]);
});

test("session: the context would pass its limit -> the session ends before that turn", async () => {
  const turns = async (maxContext: number) =>
    (await run(small({ ...conversation, session: { ...conversation.session, maxContext } }, FIFTEEN_SECONDS))).result.total.requests;
  expect(await turns(211)).toBe(2);
  expect(await turns(210)).toBe(1);
});

test("session: an answer fails -> no further turn", async () => {
  // The second turn streams from about 11.11 s to 11.22 s.
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "11150ms", for: "10ms" } }] as const;
  const simulated = await run(small(conversation, { ...FIFTEEN_SECONDS, faults }));
  expect(column(simulated, "outcome")).toEqual(["completed", "failed"]);
});

test("session: an answer fails, its retry succeeds -> the conversation goes on", async () => {
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "11150ms", for: "10ms" } }] as const;
  const client = { retry: { attempts: 2, backoff: "50ms", jitter: "none" } } as const;
  const simulated = await run(small({ ...conversation, client }, { ...FIFTEEN_SECONDS, faults }));
  expect(column(simulated, "attempts")).toEqual([1, 2, 1, 1]);
  expect(column(simulated, "promptTokens")).toEqual([100, 211, 322, 433]);
});

test("session records: turns of one conversation -> an id of their own each, in the order of arrival", async () => {
  const simulated = await run(small(conversation, FIFTEEN_SECONDS));
  expect(column(simulated, "id")).toEqual([0, 1, 2, 3]);
});

test("session turns that back off -> luck of their own, not the same wait in each turn", async () => {
  const timesMs: Array<number> = [];
  const policy = { name: "everySecondTry", pick: () => (timesMs.length % 2 === 1 ? -1 : 0) };
  const client = { retry: { attempts: 2, backoff: "100ms", jitter: "full" } } as const;
  const simulated = await run(small({ ...conversation, client }, FIFTEEN_SECONDS), { components: { router: watching(policy, timesMs) } });
  expect(column(simulated, "attempts")).toEqual([2, 2, 2, 2]);
  const waits = [0, 2, 4, 6].map((i) => timesMs[i + 1]! - timesMs[i]!);
  expect(new Set(waits).size).toBe(4);
});

test("closed loop: N users -> never more than N requests in the system, and N when nobody thinks", async () => {
  const options = { seed: 1, replication: 0, timelineIntervalMs: 1000, sampleSize: 10, skipBadRows: false, components: {} };
  const largest = async (think: "0s" | "50ms") => {
    const chat = burst(7, { arrivals: { closed: { users: 7, think } } });
    const { recorder } = await Effect.runPromise(
      runReplication(worldOf(small(chat, { fleet: { gpu: pool({ engine: { maxSequences: 2 } }) } })), options),
    );
    return { max: recorder.inSystem.max, requests: recorder.requests };
  };
  const busy = await largest("0s");
  expect(busy.max).toBe(7);
  // Two at once, 100 ms each, for 10 s: the engine never rests.
  expect(busy.requests).toBeGreaterThanOrEqual(200);
  expect(busy.requests).toBeLessThanOrEqual(207);
  expect((await largest("50ms")).max).toBeLessThanOrEqual(7);
});

test("closed loop: retries, cuts and failures -> still one request per user", async () => {
  const client = { deadline: "300ms", retry: { attempts: 3, backoff: "20ms" } } as const;
  const chat = burst(9, { arrivals: { closed: { users: 9, think: "10ms" } }, client });
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "2s", for: "1s" } }] as const;
  const gateway = {
    maxInFlightPerReplica: 2,
    queue: { capacity: 2, timeout: "50ms" },
    responseTimeLimit: "95ms",
    onDisconnect: "continue",
  } as const;
  const options = { seed: 1, replication: 0, timelineIntervalMs: 1000, sampleSize: 10, skipBadRows: false, components: {} };
  const { recorder } = await Effect.runPromise(runReplication(worldOf(small(chat, { faults, gateway })), options));
  expect(recorder.inSystem.max).toBe(9);
});

test("closed loop: users think after an answer -> the next request comes exactly then; ramp-up spreads the first ones evenly", async () => {
  const chat = burst(2, { arrivals: { closed: { users: 2, think: "250ms", rampUp: "1s" } } });
  const simulated = await run(small(chat, { horizon: "2s" }));
  expect(column(simulated, "arrivalMs")).toEqual([0, 350, 500, 700, 850, 1050, 1200, 1400, 1550, 1750, 1900]);
});

test("closed loop: users who got no answer think as well", async () => {
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "250ms" } }, client: { deadline: "50ms" } });
  const simulated = await run(small(chat, { horizon: "1s" }));
  expect(column(simulated, "arrivalMs")).toEqual([0, 300, 600, 900]);
  expect(outcomesOf(simulated)).toEqual({ expired: 4 });
});

test.each([
  ["10s", false, []],
  ["20s", false, [expect.stringMatching(/^chat: its trace ends 9s into a horizon of 20s;.*shorten the horizon, or set loop/u)]],
  ["20s", true, []],
] as const)(
  "trace: rows until 9 s, horizon %s, loop %s -> a warning of more than a tenth that is empty",
  async (horizon, loop, warnings) => {
    const folder = mkdtempSync(join(tmpdir(), "spillway-trace-"));
    const path = join(folder, "two.jsonl");
    writeFileSync(path, [0, 9000].map((atMs) => `{"atMs": ${atMs}, "promptTokens": 100, "outputTokens": 10}\n`).join(""));
    const { result } = await run(small({ trace: { path, loop } }, { horizon }));
    rmSync(folder, { recursive: true });
    expect(result.warnings.filter((text) => text.includes("its trace ends"))).toEqual(warnings);
  },
);
