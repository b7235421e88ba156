import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { Phase } from "../../src/kernel/Kernel.ts";
import type { Simulated } from "../../src/experiment/simulate.ts";
import { summaryJson } from "../../src/report/summaryJson.ts";
import { timelineCsv } from "../../src/report/timelineCsv.ts";
import { renderTerminal } from "../../src/report/terminal/renderTerminal.ts";
import { Fleet } from "../../src/serving/Fleet.ts";
import { Scaling } from "../../src/serving/Scaling.ts";
import { Simulation } from "../../src/serving/Simulation.ts";
import { outcomesOf, pool, run, small } from "./SmallWorld.ts";

type Pool = ScenarioInput["fleet"][string];
type Autoscale = NonNullable<Pool["autoscale"]>;
type Arrivals = NonNullable<ScenarioInput["traffic"][string]["arrivals"]>;

const every = (perSecond: number): Arrivals => ({ deterministic: { rate: `${perSecond}/s` } });
/** The rate changes at these times. */
const steps = (...points: ReadonlyArray<readonly [`${number}${"s" | "m"}`, number]>): Arrivals => ({
  deterministic: { rate: { piecewise: points.map(([at, perSecond]) => [at, `${perSecond}/s`] as const), interpolation: "step" } },
});
/** Each request takes 1 s, however many there are: as many are held as arrive in a second. */
const held = (arrivals: Arrivals, autoscale: Autoscale, changes: Partial<Pool> = {}, more: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: "scaled",
  horizon: "10m",
  traffic: { web: { arrivals, prompt: 1, output: 1 } },
  fleet: { server: { station: { service: "1s" }, price: "$1/h", ...changes, autoscale } },
  ...more,
});
const concurrency = (target: number, more: Partial<NonNullable<Autoscale["hpa"]>> = {}): Pick<Autoscale, "hpa"> => ({
  hpa: { target: { concurrency: target }, ...more },
});
const AT_ONCE = { stabilization: "0s" } as const;

const scalingOf = ({ result }: Simulated) => result.pools[0]!.scaling!;
/** [seconds, from, to]. */
const decisions = (simulated: Simulated) => scalingOf(simulated).events.map(({ atMs, from, to }) => [atMs / 1000, from, to]);
const replicasAt = ({ result }: Simulated, key: "ready" | "booting" = "ready") => result.timeline.map((point) => point.replicas![0]![key]);

describe("Kubernetes", () => {
  test("hpa: any constant load, no time to start -> ceil(load / target) from below and above, and no change after that", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 45),
        async (load, half, replicas) => {
          const target = half + 0.5;
          // Where it divides, a mean that is off by a millionth asks for one more.
          fc.pre(load % target !== 0);
          const autoscale = { max: 45, ...concurrency(target, { tolerance: 0.01 }) };
          const simulated = await run(held(every(load), autoscale, { replicas }, { horizon: "12m" }));
          const last = replicasAt(simulated).at(-1)!;
          expect(last).toBe(Math.ceil(load / target));
          expect(decisions(simulated).filter(([at]) => at! > 330)).toEqual([]);
          expect(new Set(replicasAt(simulated).slice(60))).toEqual(new Set([last]));
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  test("hpa: twice the target -> twice the replicas; half of it -> half of them; within the tolerance of 0.1 -> as it is", async () => {
    const of = async (load: number) =>
      decisions(await run(held(every(load), { max: 40, ...concurrency(10, { scaleDown: AT_ONCE }) }, { replicas: 4 })));
    expect((await of(80)).at(-1)![2]).toBe(8);
    expect((await of(20)).at(-1)).toEqual([15, 4, 2]);
    expect(await of(43)).toEqual([]);
    expect(await of(38)).toEqual([]);
    expect((await of(46)).at(-1)![2]).toBe(5);
  });

  test("hpa: default rules, a jump to fifty times the load -> 4 more or twice as many each 15 s", async () => {
    const simulated = await run(held(steps(["0s", 1], ["60s", 50]), { max: 100, ...concurrency(1) }));
    expect(decisions(simulated).map(([, , to]) => to)).toEqual([5, 10, 20, 40, 50]);
    expect(decisions(simulated).map(([at]) => at)).toEqual([75, 90, 105, 120, 135]);
  });

  test("hpa: the documentation's policies (10 % per minute down) -> from 80: 72, 64, 57", async () => {
    const scaleDown = { ...AT_ONCE, policies: [{ percent: 10, period: "60s" }] } as const;
    const autoscale = { max: 80, interval: "60s", ...concurrency(1, { scaleDown }) } as const;
    const simulated = await run(held(every(1), autoscale, { replicas: 80 }, { horizon: "200s" }));
    expect(decisions(simulated).map(([, , to]) => to)).toEqual([72, 64, 57]);
  });

  test("hpa: select disabled -> never down; one policy of two -> the one that allows less with min", async () => {
    const load = steps(["0s", 10], ["60s", 1]);
    const down = async (scaleDown: NonNullable<NonNullable<Autoscale["hpa"]>["scaleDown"]>) =>
      decisions(await run(held(load, { max: 10, ...concurrency(1, { scaleDown: { ...AT_ONCE, ...scaleDown } }) }, { replicas: 10 })))[0];
    expect(await down({ select: "disabled" })).toBeUndefined();
    const policies = [
      { replicas: 1, period: "15s" },
      { percent: 50, period: "15s" },
    ] as const;
    expect((await down({ policies, select: "min" }))![2]).toBe(9);
    expect((await down({ policies, select: "max" }))![2]).toBe(5);
  });

  test("hpa: load falls for good -> down when the window has passed, not before", async () => {
    const first = async (stabilization: "60s" | "300s") => {
      const scaleDown = { stabilization };
      const simulated = await run(held(steps(["0s", 10], ["120s", 2]), { max: 10, ...concurrency(1, { scaleDown }) }, { replicas: 10 }));
      return decisions(simulated)[0];
    };
    // The decision at 120 s is the last that wants 10; that at 135 s sees requests of before, and wants 3.
    expect(await first("300s")).toEqual([420, 10, 3]);
    expect(await first("60s")).toEqual([180, 10, 3]);
  });

  test("hpa: replicas that boot -> count as 0 on the way up: not asked for again and again", async () => {
    const startup = { compile: "70s" } as const;
    const autoscale = { max: 20, ...concurrency(10) };
    const simulated = await run(held(every(30), autoscale, { startup }));
    expect(decisions(simulated)).toEqual([[15, 1, 3]]);
    expect(replicasAt(simulated, "booting").slice(0, 20)).toEqual([0, 0, ...Array.from({ length: 14 }, () => 2), 0, 0, 0, 0]);
    expect(scalingOf(simulated).booting.max).toBe(2);
    expect(scalingOf(simulated).booting.mean).toBeCloseTo((2 * 70) / 600, 9);
  });

  test("hpa: too many at the start -> they count as wanted for the length of the window", async () => {
    expect(decisions(await run(held(every(2), { max: 10, ...concurrency(1) }, { replicas: 10 })))[0]).toEqual([315, 10, 2]);
  });

  test("hpa: load falls while replicas boot -> they are left out of the mean, and go first", async () => {
    const autoscale = { max: 9, ...concurrency(10, { scaleDown: AT_ONCE }) };
    const simulated = await run(held(steps(["0s", 60], ["60s", 10]), autoscale, { replicas: 2, startup: { compile: "20m" } }));
    expect(decisions(simulated)).toEqual([
      [15, 2, 6],
      [75, 6, 2],
      [90, 2, 1],
    ]);
    expect(scalingOf(simulated).ready).toMatchObject({ min: 1, max: 2 });
  });

  test("hpa: each kind of target -> the replicas that bring it there", async () => {
    const of = async (target: NonNullable<Autoscale["hpa"]>["target"], station: Pool["station"] = { service: "1s" }) => {
      const web = { arrivals: every(20), prompt: 1, output: 50 };
      const world = held(every(20), { max: 60, hpa: { target } }, { replicas: 10, station }, { traffic: { web }, horizon: "20m" });
      return replicasAt(await run(world)).at(-1);
    };
    // 20 requests at a time on servers of 4 are 5 full servers, on 10 servers half of each.
    expect(await of({ utilization: "50%" }, { servers: 4, service: "1s" })).toBe(10);
    expect(await of({ utilization: "25%" }, { servers: 4, service: "1s" })).toBe(20);
    expect(await of({ tokenThroughput: 200 })).toBe(5);
    expect(await of({ tokenThroughput: 200, concurrency: 1 })).toBe(20);
    // 10 servers of 1 for 20 requests/s: the queue grows until there are enough servers, and is worked off.
    expect(await of({ queueLength: 5 }, { servers: 1, service: "1s" })).toBeLessThan(60);
  });
});

describe("laws", () => {
  const load = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 4, maxLength: 8 });

  test("any load, startup and target -> between min and max; nothing fails; every request has an outcome", async () => {
    await fc.assert(
      fc.asyncProperty(load, fc.integer({ min: 1, max: 12 }), fc.constantFrom("0s", "5s", "40s"), async (rates, target, compile) => {
        const points = rates.map((rate, i) => [`${20 * i}s`, `${rate}/s`] as const);
        const chat = {
          arrivals: { poisson: { rate: { piecewise: points, interpolation: "step" } } },
          prompt: 100,
          output: { uniform: [5, 300] },
        } as const;
        const hpa = { target: { concurrency: target }, scaleDown: { stabilization: "10s" } } as const;
        const autoscale = { min: 2, max: 7, interval: "5s", hpa } as const;
        const fleet = { gpu: pool({ replicas: 3, startup: { compile: compile as "5s" }, autoscale }) };
        const simulated = await run(small(chat, { horizon: `${20 * rates.length}s`, fleet }));
        const { ready, events } = scalingOf(simulated);
        expect(ready.min >= 2 && ready.max <= 7).toBe(true);
        expect(events.every(({ from, to }) => from !== to && to >= 2 && to <= 7)).toBe(true);
        const { total, pools } = simulated.result;
        expect(total.outcomes.completed + total.outcomes.unfinished).toBe(total.requests);
        expect(pools[0]!.replicaHours).toBeGreaterThanOrEqual(ready.mean * (simulated.result.horizonMs / 3.6e6) - 1e-9);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  test("scale-down: replicas hold long requests -> all of them are answered; then the machines are off and cost nothing", async () => {
    const arrivals = steps(["0s", 20], ["60s", 1]);
    const autoscale = { min: 2, max: 10, ...concurrency(60, { scaleDown: { stabilization: "60s" } }) } as const;
    const long = { station: { service: { fixed: "30s" } }, replicas: 10 } as const;
    const simulated = await run(held(arrivals, autoscale, long as never));
    expect(outcomesOf(simulated)["failed"]).toBeUndefined();
    expect(scalingOf(simulated).ready).toMatchObject({ min: 2, max: 10 });
    expect(simulated.result.pools[0]!.costUsd).toBeCloseTo(simulated.result.pools[0]!.replicaHours, 9);
    expect(simulated.result.pools[0]!.replicaHours).toBeLessThan((10 * 10) / 60);
  });

  test("the same seed -> the same bytes; with a warm-up -> the same decisions after it", async () => {
    const piecewise = [30, 5, 40, 10, 50, 3].map((rate, i) => [`${30 * i}s`, `${rate}/s`] as const);
    const chat = { arrivals: { poisson: { rate: { piecewise } } }, prompt: 100, output: { uniform: [5, 300] } } as const;
    const target = { concurrency: 4, utilization: "70%", queueLength: 2, tokenThroughput: 900 } as const;
    const hpa = { target, scaleDown: { stabilization: "10s" } } as const;
    const fleet = { gpu: pool({ startup: { compile: "7s" }, engine: { maxSequences: 16 }, autoscale: { max: 20, interval: "5s", hpa } }) };
    const world = small(chat, { horizon: "3m", fleet });
    const first = await run(world);
    expect(summaryJson((await run(world)).result)).toBe(summaryJson(first.result));
    // In the middle of an interval: its two parts count together.
    const warm = await run({ ...world, warmup: "42s" });
    expect(decisions(warm)).toEqual(decisions(first).filter(([at]) => at! > 42));
    expect(decisions(warm).length).toBeGreaterThan(3);
  });
});

test.each([
  ["utilization", { utilization: "50%" }, { servers: 4, service: "1s" }, every(20)],
  ["tokenThroughput", { tokenThroughput: 10 }, { service: "1s" }, every(100)],
  ["queueLength in the engines", { queueLength: 2 }, { servers: 1, service: "1s" }, { closed: { users: 30, think: "0s" } }],
  ["concurrency", { concurrency: 3 }, { servers: 1, service: "1s" }, { closed: { users: 30, think: "0s" } }],
] as const)(
  "%s: the warm-up ends within an interval -> both its parts count, and nothing changes",
  async (_name, target, station, arrivals) => {
    const autoscale = { max: 40, hpa: { target, scaleDown: AT_ONCE } } as const;
    const settled = { replicas: 10, station: station as never };
    const world = held(arrivals as never, autoscale, settled, { horizon: "80s", warmup: "4s" });
    // Without the part before, the load of the first interval would be 11 / 15 of what it is.
    expect(decisions(await run(world))).toEqual([]);
  },
);

test("queueLength at the gateway: the warm-up ends within an interval -> both its parts count", async () => {
  const gateway = { queue: { capacity: 100 }, maxInFlightPerReplica: 1 } as const;
  const autoscale = { max: 40, hpa: { target: { queueLength: 2 }, scaleDown: AT_ONCE } } as const;
  const closed = { closed: { users: 30, think: "0s" } } as never;
  const world = held(closed, autoscale, { replicas: 10, station: { service: "1s" } }, { horizon: "80s", warmup: "4s", gateway });
  expect(decisions(await run(world))).toEqual([]);
});

describe("schedule and forecast", () => {
  const scheduled = [
    { at: "08:00", replicas: 5 },
    { at: "9:30", replicas: 2 },
  ];
  const hours = { horizon: "4h" } as const;
  const slow = (autoscale: Autoscale, arrivals: Arrivals = { poisson: { rate: "0.1/s" } }) => held(arrivals, autoscale, {}, hours);

  test("scheduled: from a start hour -> the entry of the time of day, yesterday's last one at first", async () => {
    const simulated = await run(slow({ max: 5, interval: "1m", startHour: 7.5, scheduled }));
    expect(decisions(simulated)).toEqual([
      [60, 1, 2],
      [1800, 2, 5],
      [7200, 5, 2],
    ]);
  });

  test("scheduled: no start hour -> that of the diurnal traffic; entries of other days do not count", async () => {
    const shares = Array.from({ length: 24 }, () => 1);
    const diurnal = { poisson: { rate: { diurnal: { mean: "0.1/s", shares, startHour: 7 } } } } as const;
    const from7 = await run(slow({ max: 5, interval: "1m", scheduled }, diurnal));
    expect(decisions(from7)).toContainEqual([3600, 2, 5]);
    const weekend = [...scheduled, { at: "07:30", replicas: 4, days: ["sat"] as const }];
    expect(decisions(await run(slow({ max: 5, interval: "1m", scheduled: weekend }, diurnal)))).toEqual(decisions(from7));
    const saturday = await run(slow({ max: 5, interval: "1m", startDay: "sat", scheduled: weekend }, diurnal));
    expect(decisions(saturday)).toContainEqual([1800, 2, 4]);
  });

  test("scheduled with hpa -> the larger of both at any time", async () => {
    const both = { max: 9, interval: "1m", startHour: 7.5, scheduled, ...concurrency(5) } as const;
    const simulated = await run(slow(both, steps(["0s", 1], ["60m", 40], ["70m", 1])));
    const tos = decisions(simulated).map(([at, , to]) => [Math.floor(at! / 60), to]);
    expect(tos).toEqual([
      [1, 2],
      [30, 5],
      [61, 8],
      [75, 5],
      [120, 2],
    ]);
  });

  test("predictive: with yesterday's curve -> replicas are ready when the peak begins; without -> only after it", async () => {
    const curve = {
      piecewise: [
        ["0m", "2/s"],
        ["60m", "2/s"],
        ["61m", "20/s"],
        ["120m", "20/s"],
        ["121m", "2/s"],
      ],
    } as const;
    const predictive = { perReplica: "4/s", slot: "5m", season: "4h", margin: 0 } as const;
    const arrivals = { poisson: { rate: curve } } as never;
    const startup = { compile: "4m" } as const;
    const readyAt = async (autoscale: Autoscale) => {
      const simulated = await run(held(arrivals, autoscale, { startup }, hours));
      return simulated.result.timeline.find((point) => point.replicas![0]!.ready >= 5)?.atMs ?? Infinity;
    };
    const taught = await readyAt({ max: 8, predictive: { ...predictive, history: curve as never } });
    const untaught = await readyAt({ max: 8, predictive });
    expect(taught / 60_000).toBeLessThanOrEqual(62);
    expect(taught / 60_000).toBeGreaterThan(50);
    expect(untaught / 60_000).toBeGreaterThan(64);
    expect(untaught / 60_000).toBeLessThan(76);
  });
});

describe("fleet", () => {
  test("drain fault under a schedule -> another machine takes its place at the next decision", async () => {
    const autoscale = { min: 2, max: 3, scheduled: [{ at: "00:00", replicas: 2 }] };
    const faults = [{ drain: { pool: "server", replicas: 1, at: "50s", for: "1h" } }] as const;
    const simulated = await run(held(every(1), autoscale, {}, { faults, horizon: "2m" }));
    expect(replicasAt(simulated).slice(47, 65)).toEqual([2, 2, ...Array.from({ length: 10 }, () => 1), 2, 2, 2, 2, 2, 2]);
    expect(scalingOf(simulated)).toMatchObject({ ready: { min: 1, max: 2 }, scaleUps: 0, scaleDowns: 0 });
  });

  test("user's own Scaling -> it starts and drains replicas of a pool that can be off", async () => {
    const scaling = Layer.effect(
      Scaling,
      Effect.gen(function* () {
        const { kernel } = yield* Simulation;
        const { lifecycle } = yield* Fleet;
        const actor = kernel.join({ wake: (op) => (op === 0 ? lifecycle!.start(1) : lifecycle!.drain(1)) });
        kernel.post(2000, actor, 0, 0, Phase.Control);
        kernel.post(6000, actor, 1, 0, Phase.Control);
        return { events: [], startMeasuring: () => {} };
      }),
    );
    const fleet = { gpu: pool({ replicas: 2, initial: 1, startup: { compile: "1s" } }) };
    const chat = { arrivals: every(10), prompt: 10, output: 5 };
    const simulated = await run(small(chat, { fleet }), { components: { scaling } });
    expect(scalingOf(simulated)).toMatchObject({ ready: { min: 1, max: 2 }, booting: { max: 1 }, events: [] });
    expect(scalingOf(simulated).ready.mean).toBeCloseTo(1.3, 6);
  });

  test("reports -> replicas in the timeline, its CSV and on the terminal; none for pools that are always on", async () => {
    const autoscale = { max: 4, ...concurrency(10) };
    const simulated = await run(held(every(30), autoscale, { startup: { compile: "70s" } }), { replications: 2 });
    expect(timelineCsv(simulated.result).split("\n")[0]).toMatch(/,server\.ready,server\.booting$/);
    const text = renderTerminal(simulated.result, { color: false, width: 100 });
    expect(text).toMatch(/replicas 1 \/ 2\.7\d* \/ 3 min \/ mean \/ max/);
    expect(text).toMatch(/scaled 2 up, 0 down/);
    expect(text).toMatch(/^ {2}replicas +[▁-█]+/m);
    expect(text).toMatch(/^ {4}booting +[▁-█]+/m);
    const always = await run({ ...held(every(30), autoscale), fleet: { server: { station: { service: "1s" } } } });
    expect(always.result.pools[0]!.scaling).toBeUndefined();
    expect(always.result.timeline[0]!.replicas).toBeUndefined();
    expect(renderTerminal(always.result, { color: false, width: 100 })).not.toContain("booting");
  });
});
