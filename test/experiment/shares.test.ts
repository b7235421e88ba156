import fc from "fast-check";
import { expect, test } from "vitest";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { run } from "../serving/SmallWorld.ts";

type Pool = ScenarioInput["fleet"][string];
type Faults = NonNullable<ScenarioInput["faults"]>;

const RUNS = process.env["SPILLWAY_LONG"] === undefined ? 40 : 600;

const maybe = <T>(value: T) => fc.constantFrom(undefined, value);
/** Drops the keys that are undefined. */
const present = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

const engine = fc
  .record({
    kvBlocks: fc.constantFrom(700, 1500, 4000),
    reserveFullPrompt: fc.boolean(),
    maxSequences: fc.constantFrom(32, 256),
    scheduler: fc.constantFrom(undefined, "continuous" as const, "prefillFirst" as const, "static" as const),
    order: fc.constantFrom(undefined, "priority" as const, "shortestFirst" as const),
    kvWatermark: maybe("5%" as const),
    speculative: maybe({ tokens: 3, acceptance: 0.6 }),
    offload: maybe({ capacity: "5GB", bandwidth: "10GB/s" } as const),
    preemption: maybe({ swap: { bandwidth: "10GB/s", space: "2GB" } } as const),
    host: maybe({ perStep: "2ms", mode: "overlapped" } as const),
  })
  .map(present);

const machine = {
  frontend: { cores: 1, perStreamedToken: "0.2ms" },
  network: { bandwidth: "5Mbit/s" },
  startup: { compile: "3s" },
} as const;

const pool = fc.record({ engine, replicas: fc.constantFrom(1, 2), parallelism: fc.constantFrom({}, { dp: 2 }, { pp: 2 }) });

const together = fc.record({ pool, around: fc.constantFrom({}, machine) }).map(({ pool: of, around }): Partial<ScenarioInput> => {
  const at = { pool: "main", replicas: 1, at: "8s", for: "4s" } as const;
  const faults: Faults = [
    { slowdown: { ...at, factor: 3 } },
    { cacheWipe: { pool: "main", replicas: 1, at: "14s" } },
    { replicaDown: { ...at, at: "16s" } },
  ];
  return { fleet: { main: { gpu: "H100", model: "llama-3.1-8b", ...of, ...around } as Pool }, faults };
});

const apart = fc
  .record({ prefill: pool, decode: pool, decider: maybe({ prefillQueueBelow: 2 }), layerwise: fc.boolean() })
  .map(({ prefill, decode, decider, layerwise }): Partial<ScenarioInput> => {
    const at = { replicas: 1, at: "8s", for: "4s" } as const;
    const known = { gpu: "H100", model: "llama-3.1-8b" } as const;
    return {
      fleet: { main: { ...known, ...prefill, role: "prefill" } as Pool, answers: { ...known, ...decode, role: "decode" } as Pool },
      gateway: { disaggregation: present({ link: { bandwidth: "5GB/s" }, decider, layerwise }) as never },
      faults: [{ linkDown: { pool: "main", ...at } }, { replicaDown: { pool: "answers", ...at, at: "16s" } }],
    };
  });

const chat = fc
  .record({
    rate: fc.constantFrom("2/s", "8/s", "20/s"),
    prefix: fc.constantFrom(100, 3000),
    session: maybe({ turns: 3, think: "2s" }),
    client: fc.constantFrom({}, { deadline: "5s" }, { patience: "2s", retry: { attempts: 3, backoff: "100ms" } }),
  })
  .map(({ rate, prefix, session, client }) =>
    present({
      arrivals: { poisson: { rate } },
      prompt: { lognormal: { mean: 600, p99: 3000 } },
      output: { lognormal: { mean: 150, p99: 600 } },
      prefix: { count: 2, tokens: prefix },
      session,
      client,
    }),
  );

/** Every share of the document, with its place. */
const sharesOf = (value: unknown, place: string): ReadonlyArray<readonly [string, number]> => {
  if (typeof value === "number") return /ratio$/iu.test(place) || place.endsWith("utilization") ? [[place, value]] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => sharesOf(member, `${place}.${key}`));
};

test("law: any scheduler and feature, faults among them -> every share of the document lies in 0..1, and outcomes sum to the requests", async () => {
  const worlds = fc.record({ chat, around: fc.oneof({ arbitrary: together, weight: 2 }, apart) });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ chat: of, around }) => {
      const { result } = await run({
        name: "shares",
        horizon: "25s",
        warmup: "4s",
        traffic: { chat: of },
        ...around,
      } as unknown as ScenarioInput);
      const outside = sharesOf(result, "").filter(([, share]) => !(share >= 0 && share <= 1 + 1e-12));
      expect(outside).toEqual([]);
      expect(Object.values(result.total.outcomes).reduce((sum, count) => sum + count, 0)).toBe(result.total.requests);
    }),
    { numRuns: RUNS },
  );
});
