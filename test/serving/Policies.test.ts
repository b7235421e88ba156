import { describe, expect, test } from "vitest";
import type { OwnPolicies } from "../../src/serving/Policies.ts";
import { ownPolicies } from "../../src/serving/Policies.ts";
import type { Shedder, ShedRequest } from "../../src/policy/shedding/Shedder.ts";
import { Verdict } from "../../src/policy/shedding/Shedder.ts";
import { Lru } from "../../src/policy/caching/Lru.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { burst, outcomesOf, pool, run, small } from "./SmallWorld.ts";

/** Outcomes with policies of one's own, and without. */
const both = async (authored: ScenarioInput, own: OwnPolicies) => [
  outcomesOf(await run(authored, { components: { policies: ownPolicies(own) } })),
  outcomesOf(await run(authored)),
];

/** Why a world with such policies stops. */
const refusal = (authored: ScenarioInput, own: object): Promise<unknown> =>
  run(authored, { components: { policies: ownPolicies(own as OwnPolicies) } }).then(
    () => "it ran",
    (cause: unknown) => cause,
  );

const thrown = (message: string): never => {
  throw new Error(message);
};

const station = (changes = {}) => ({ server: { station: { service: "10ms", ...changes } } }) as const;

/** The same shedder, but whoever must wait does so only if it may. */
const entering = (made: Shedder, mayWait: (request: ShedRequest) => boolean): Shedder =>
  new Proxy(made, {
    get: (of, name) => {
      if (name === "enter") return (request: ShedRequest, now: number) => (mayWait(request) ? of.enter(request, now) : Verdict.QueueFull);
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? (value.bind(of) as unknown) : value;
    },
  });

describe("a policy of one's own, by a Layer, in place of the one that the scenario names", () => {
  test("limiter: admits every other attempt", async () => {
    const world = small(burst(10), { gateway: { limits: [{ gcra: { rate: "1/s", burst: 8 } }] }, fleet: station() });
    const limiter = () => ({
      open: () => ({ asked: 0 }),
      waitMs: (state: { asked: number }) => (state.asked++ % 2 === 0 ? 0 : 60_000),
      take: () => 0,
    });
    expect(await both(world, { limiter })).toEqual([
      { completed: 5, rejected: 5 },
      { completed: 8, rejected: 2 },
    ]);
  });

  test("limiter: one of several, the others as shipped", async () => {
    const limits = [{ gcra: { rate: "1/s", burst: 8 } }, { slidingLog: { limit: 6, window: "1m" } }] as const;
    const world = small(burst(10), { gateway: { limits }, fleet: station() });
    const open = { open: () => undefined, waitMs: () => 0, take: () => 0 };
    expect(await both(world, { limiter: (spec, shipped) => (spec.kind === "slidingLog" ? open : shipped(spec)) })).toEqual([
      { completed: 8, rejected: 2 },
      { completed: 6, rejected: 4 },
    ]);
  });

  test("breaker of a client: never lets anybody through", async () => {
    const world = small(burst(3, { client: { breaker: { trip: { consecutive: 5 } } } }), { fleet: station() });
    const shut = { rejected: 0, retryAfterMs: 0, admit: () => -1, settle: () => false };
    expect(await both(world, { breaker: () => shut })).toEqual([{ rejected: 3 }, { completed: 3 }]);
  });

  test("retry budget: grants none", async () => {
    const retry = { attempts: 3, backoff: "1s", jitter: "none", budget: { bucket: {} } } as const;
    const world = small(burst(2, { client: { retry } }), {
      gateway: { limits: [{ fixedWindow: { limit: 1, window: "1s" } }] },
      fleet: station(),
    });
    const none = { name: "none", requested: () => {}, take: () => false, ended: () => {}, finished: () => {} };
    expect(await both(world, { retryBudget: () => none })).toEqual([{ completed: 1, rejected: 1 }, { completed: 2 }]);
  });

  test("shedder: refuses whom a fair queue has made room for -> both are shed, and nobody is lost", async () => {
    const world = small(burst(5, { tenant: "heavy" }), {
      gateway: { queue: { capacity: 4, order: { fair: {} } }, maxInFlightPerReplica: 1 },
      fleet: station({ service: "30s" }),
    });
    const late = { tenant: "light", arrivals: { deterministic: { rate: "0.2/s" } }, prompt: 999, output: 10 } as const;
    const shedder: OwnPolicies["shedder"] = (spec, shipped) => entering(shipped(spec), ({ tokens }) => tokens < 500);
    const policies = ownPolicies({ shedder });
    const { result } = await run({ ...world, traffic: { ...world.traffic, late } }, { components: { policies } });
    const [chat, refused] = result.classes;
    expect(refused!.outcomes.shed).toBe(refused!.requests);
    expect(chat!.outcomes).toMatchObject({ shed: 1, unfinished: 4 });
  });

  test("shedder: lets nobody wait", async () => {
    const world = small(burst(3), { gateway: { queue: { capacity: 10 }, maxInFlightPerReplica: 1 }, fleet: station() });
    const shedder: OwnPolicies["shedder"] = (spec, shipped) => entering(shipped(spec), () => false);
    expect(await both(world, { shedder })).toEqual([{ completed: 1, shed: 2 }, { completed: 3 }]);
  });

  test("limit in flight: always one", async () => {
    const world = small(burst(3), { gateway: { concurrency: { aimd: { initial: 3 } } }, fleet: station({ servers: 3 }) });
    expect(await both(world, { adaptiveLimit: () => ({ name: "one", limit: 1, sample: () => {} }) })).toEqual([
      { completed: 1, rejected: 2 },
      { completed: 3 },
    ]);
  });

  test("eviction: told of every answer that is kept", async () => {
    const kept: Array<number> = [];
    const world = small(burst(3, { repeat: { share: 1, contents: 3 } }), {
      gateway: { cache: { entries: 10, ttl: "1h" } },
      fleet: station(),
    });
    class Noting extends Lru {
      override add(slot: number): void {
        kept.push(slot);
        super.add(slot);
      }
    }
    await both(world, { eviction: (_name, entries) => new Noting(entries) });
    expect(kept.length).toBeGreaterThan(0);
  });

  test("autoscaler: always wants three", async () => {
    const authored = small(burst(1), {
      fleet: { gpu: { ...pool({ replicas: 1 }), autoscale: { min: 1, max: 4, interval: "1s", hpa: { target: { concurrency: 1000 } } } } },
    });
    const three = await run(authored, {
      components: { policies: ownPolicies({ autoscaler: () => ({ name: "three", decide: () => 3 }) }) },
    });
    const most = (simulated: Awaited<ReturnType<typeof run>>): number => simulated.result.pools[0]!.scaling!.ready.max;
    expect([most(three), most(await run(authored))]).toEqual([3, 1]);
  });
});

describe("policies that nothing can be decided by", () => {
  test.each([
    [
      "a name that no policy has",
      { limitr: () => ({}) },
      /^ownPolicies: there is no limitr, did you mean limiter\? There are limiter, breaker,/,
    ],
    ["no factory", { limiter: "x" }, /^ownPolicies limiter: must be a function \(x\)/],
    ["nothing at all", undefined, /^ownPolicies: must be given an object \(undefined\)/],
  ])("%s -> refused at once", (_, own, message) => {
    expect(() => ownPolicies(own as unknown as OwnPolicies)).toThrow(message);
  });

  const limits = [{ gcra: { rate: "1/s", burst: 8 } }] as const;
  const gateway = { limits, breaker: { trip: { consecutive: 2 } }, concurrency: { aimd: { initial: 3 } }, queue: { capacity: 3 } } as const;
  const world = small(burst(10), { gateway, fleet: station() });
  const limiter = (changes: object) => ({ limiter: () => ({ open: () => undefined, waitMs: () => 0, take: () => 0, ...changes }) });
  const breaker = (changes: object) => ({
    breaker: () => ({ rejected: 0, retryAfterMs: 0, admit: () => 0, settle: () => true, ...changes }),
  });

  test.each([
    [
      "a factory that gives nothing",
      { limiter: () => undefined },
      "ownPolicies limiter: the factory must give an object, it gave undefined",
    ],
    [
      "a frozen policy's wait of NaN",
      { limiter: () => Object.freeze({ open: () => undefined, waitMs: () => NaN, take: () => 0 }) },
      "waitMs",
    ],
    ["a factory that throws", { limiter: () => thrown("boom") }, "ownPolicies limiter: the factory threw: boom"],
    ["no method", { limiter: () => ({ open: () => 0 }) }, "ownPolicies limiter: it lacks the method waitMs, take"],
    ["a wait of NaN", limiter({ waitMs: () => NaN }), "ownPolicies limiter: waitMs must be a number of at least 0 (NaN)"],
    ["a wait below 0", limiter({ waitMs: () => -5 }), "ownPolicies limiter: waitMs must be a number of at least 0 (-5)"],
    ["a permit of NaN", breaker({ admit: () => NaN }), "ownPolicies breaker: admit must be a whole number of at least -1 (NaN)"],
    [
      "no end of the wait",
      breaker({ retryAfterMs: Infinity }),
      "ownPolicies breaker: retryAfterMs must be a finite number of at least 0 (Infinity)",
    ],
    [
      "a limit of NaN",
      { adaptiveLimit: () => ({ name: "m", limit: NaN, sample: () => {} }) },
      "ownPolicies adaptiveLimit: limit must be a whole number of at least 1 (NaN)",
    ],
  ])("%s -> refused with the policy's name, as a fault of the file", async (_, own, message) => {
    expect(await refusal(world, own)).toMatchObject({ _tag: "PolicyUnusable", message: expect.stringContaining(message) });
  });

  test("a number of replicas that is none -> refused when it is asked for", async () => {
    const autoscale = { min: 1, max: 4, interval: "1s", hpa: { target: { concurrency: 1000 } } } as const;
    const authored = small(burst(1), { fleet: { gpu: { ...pool({ replicas: 1 }), autoscale } } });
    expect(await refusal(authored, { autoscaler: () => ({ name: "half", decide: () => 2.5 }) })).toMatchObject({
      message: "ownPolicies autoscaler: decide must be a whole number of at least 0 (2.5)",
    });
  });

  test("a breaker of a replica that refuses and does not know for how long -> asked again later, not in the same instant", async () => {
    const authored = small(burst(3), {
      horizon: "1s",
      gateway: { breaker: { trip: { consecutive: 2 } }, queue: { capacity: 3 } },
      fleet: station(),
    });
    let asked = 0;
    const shut = { rejected: 0, retryAfterMs: 0, admit: () => (++asked > 10_000 ? thrown("asked for ever") : -1), settle: () => true };
    const simulated = await run(authored, { components: { policies: ownPolicies({ breaker: () => shut }) } });
    expect(outcomesOf(simulated)).not.toHaveProperty("completed");
    expect(asked).toBeGreaterThan(100);
  });

  test("a policy with private fields -> works as it is", async () => {
    class Every {
      #asked = 0;
      open(): undefined {}
      waitMs(): number {
        return this.#asked++ % 2 === 0 ? 0 : Infinity;
      }
      take(): number {
        return 0;
      }
    }
    expect(
      outcomesOf(
        await run(small(burst(10), { gateway: { limits }, fleet: station() }), {
          components: { policies: ownPolicies({ limiter: () => new Every() }) },
        }),
      ),
    ).toEqual({ completed: 5, rejected: 5 });
  });
});
