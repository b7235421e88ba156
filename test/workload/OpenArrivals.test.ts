import { describe, expect, it, vi } from "vitest";
import { Streams } from "../../src/kernel/Streams.ts";
import { arrivalSourceOf } from "../../src/workload/ArrivalSourceOf.ts";
import { ClosedLoop } from "../../src/workload/ClosedLoop.ts";
import { ArrivalTimes } from "../../src/workload/ArrivalTimes.ts";
import { OpenArrivals } from "../../src/workload/OpenArrivals.ts";
import type { RequestDraft } from "../../src/workload/RequestDraft.ts";
import { RequestLengths } from "../../src/workload/RequestLengths.ts";
import type { ArrivalSpec, SamplerSpec, TrafficClassSpec } from "../../src/workload/TrafficSpec.ts";
import { TraceArrivals } from "../../src/workload/trace/TraceArrivals.ts";
import { classSpec, fixture, mean, traceSpec } from "./support.ts";

const arrivals: ArrivalSpec = { kind: "poisson", rate: { kind: "constant", perSecond: 10 } };
const lognormal: SamplerSpec = { kind: "lognormal", mean: 400, p99: 2000 };

const RICH: Partial<TrafficClassSpec> = {
  arrivals,
  prompt: lognormal,
  output: { kind: "gamma", mean: 200, cv: 1.5 },
  longTail: { shareRatio: 0.05, output: { kind: "fixed", value: 9000 } },
  session: {
    turns: { kind: "geometric", mean: 3 },
    think: { kind: "exponential", mean: 5000 },
    maxContextTokens: 1e6,
  },
  prefix: { count: 10, tokens: 300, zipf: 1 },
};

type Taken = { readonly atMs: number } & RequestDraft;

const take = (parts: Partial<TrafficClassSpec>, count = 2000, seed = 1): ReadonlyArray<Taken> => {
  const source = new OpenArrivals(classSpec(parts), new Streams(seed));
  return Array.from({ length: count }, () => ({ atMs: source.next(), ...source.draft }));
};

const column = (taken: ReadonlyArray<Taken>, key: keyof Taken): ReadonlyArray<unknown> => taken.map((each) => each[key]);

const lengthsOf = (shareRatio: number): RequestLengths => new RequestLengths(classSpec({ longTail: { shareRatio } }), new Streams(5));

const sourceOf = (parts: Partial<TrafficClassSpec>): OpenArrivals | TraceArrivals =>
  arrivalSourceOf(classSpec(parts), new Streams(1), { skipBadRows: false });

describe("OpenArrivals", () => {
  it("arrivals are drawn ahead -> never more in vain than were given", () => {
    const drawn = vi.spyOn(ArrivalTimes.prototype, "next");
    const source = new OpenArrivals(classSpec(RICH), new Streams(1));
    for (let given = 1; given <= 300; given++) {
      source.next();
      expect(drawn.mock.calls.length).toBeLessThanOrEqual(2 * given);
    }
    drawn.mockRestore();
  });

  it("next: lengths -> integers >= 1 with the means of their distributions, prefix included in the prompt", () => {
    const taken = take(RICH, 40_000);
    for (const { promptTokens, outputTokens, turns } of taken) {
      expect(Number.isInteger(promptTokens) && promptTokens >= 301).toBe(true);
      expect(Number.isInteger(outputTokens) && outputTokens >= 1).toBe(true);
      expect(Number.isInteger(turns) && turns >= 1).toBe(true);
    }
    expect(Math.abs(mean(taken.map((each) => each.promptTokens)) - 700)).toBeLessThan(10);
    expect(Math.abs(mean(taken.map((each) => each.outputTokens)) - (0.95 * 200 + 0.05 * 9000))).toBeLessThan(40);
    expect(Math.abs(mean(taken.map((each) => each.turns)) - 3)).toBeLessThan(0.06);
  });

  it("next: shared prefixes -> Zipf popularity, the most popular is number 0", () => {
    const taken = take(RICH, 20_000);
    const share = (id: number): number => taken.filter((each) => each.prefixId === id).length / taken.length;
    const harmonic = Array.from({ length: 10 }, (_, rank) => 1 / (rank + 1)).reduce((sum, term) => sum + term, 0);
    expect(Math.abs(share(0) - 1 / harmonic)).toBeLessThan(0.015);
    expect(Math.abs(share(4) - 1 / 5 / harmonic)).toBeLessThan(0.01);
    expect(taken.every((each) => each.prefixTokens === 300)).toBe(true);
  });

  it("next: no prefix, no session -> none, one turn", () => {
    expect(take({ arrivals }, 1)[0]).toMatchObject({
      prefixId: -1,
      prefixTokens: 0,
      turns: 1,
      promptTokens: 100,
      outputTokens: 50,
    });
  });

  it("next: one distribution changed -> every other draw as before", () => {
    const before = take(RICH);
    const longer = take({ ...RICH, output: { kind: "uniform", min: 1, max: 9 } });
    const keys = ["atMs", "promptTokens", "prefixId", "turns"] as const;
    for (const key of keys) expect(column(longer, key)).toEqual(column(before, key));
    expect(column(longer, "outputTokens")).not.toEqual(column(before, "outputTokens"));
    const faster = take({
      ...RICH,
      arrivals: { kind: "gamma", rate: { kind: "constant", perSecond: 99 }, cv: 2 },
    });
    for (const key of ["promptTokens", "outputTokens", "prefixId", "turns"] as const) {
      expect(column(faster, key)).toEqual(column(before, key));
    }
    const noTail = take({ ...RICH, longTail: { shareRatio: 0 } });
    const same = noTail.filter((each, index) => each.outputTokens === before[index]!.outputTokens).length;
    expect(same).toBe(before.filter((each) => each.outputTokens !== 9000).length);
  });

  it("next: a larger long tail -> those that were long stay long", () => {
    const few = lengthsOf(0.02);
    const many = lengthsOf(0.2);
    const ids = Array.from({ length: 20_000 }, (_, id) => id);
    expect(ids.filter((id) => few.longTail(id) && !many.longTail(id))).toEqual([]);
    expect(Math.abs(ids.filter((id) => many.longTail(id)).length / ids.length - 0.2)).toBeLessThan(0.01);
  });

  it("next: another class name -> other draws", () => {
    expect(column(take({ ...RICH, name: "batch" }), "promptTokens")).not.toEqual(column(take(RICH), "promptTokens"));
  });

  it("lengths: extreme distributions -> clamped to 1..2^30", () => {
    const extremes: ReadonlyArray<readonly [SamplerSpec, number]> = [
      [{ kind: "fixed", value: 0 }, 1],
      [{ kind: "fixed", value: 2.5 }, 3],
      [{ kind: "fixed", value: 1e12 }, 2 ** 30],
      [{ kind: "uniform", min: 0.1, max: 0.2 }, 1],
    ];
    for (const [prompt, expected] of extremes) expect(take({ arrivals, prompt }, 1)[0]!.promptTokens).toBe(expected);
  });

  it("samplers: each kind -> the mean that it states", () => {
    const samplers: ReadonlyArray<readonly [SamplerSpec, number]> = [
      [{ kind: "uniform", min: 100, max: 300 }, 200],
      [{ kind: "exponential", mean: 500 }, 500],
      [{ kind: "geometric", mean: 50 }, 50],
      [{ kind: "weibull", mean: 300, cv: 0.7 }, 300],
      [{ kind: "pareto", alpha: 1, min: 100, max: 100 * Math.E }, (100 * Math.E) / (Math.E - 1)],
      [
        {
          kind: "quantiles",
          points: [
            { p: 0, value: 100 },
            { p: 0.5, value: 200 },
            { p: 1, value: 1000 },
          ],
        },
        375,
      ],
      [
        {
          kind: "mixture",
          parts: [
            { shareRatio: 0.9, of: { kind: "fixed", value: 10 } },
            { shareRatio: 0.1, of: { kind: "fixed", value: 110 } },
          ],
        },
        20,
      ],
    ];
    for (const [prompt, expected] of samplers) {
      const average = mean(take({ arrivals, prompt }, 30_000).map((each) => each.promptTokens));
      expect(Math.abs(average / expected - 1)).toBeLessThan(0.04);
    }
  });

  it("turns: later turns -> fresh draws that do not depend on order", () => {
    const lengths = new RequestLengths(classSpec(RICH), new Streams(1));
    const forward = [0, 1, 2, 3].map((turn) => lengths.prompt(17, turn));
    const again = new RequestLengths(classSpec(RICH), new Streams(1));
    expect([3, 2, 1, 0].map((turn) => again.prompt(17, turn)).toReversed()).toEqual(forward);
    expect(new Set(forward).size).toBe(4);
    expect(again.thinkMs(17, 1)).not.toBe(again.thinkMs(17, 2));
    expect(lengths.thinkMs(17, 2)).toBe(again.thinkMs(17, 2));
  });

  it("arrivalSourceOf: trace, process, closed loop -> trace, process, RangeError", () => {
    expect(sourceOf({ arrivals })).toBeInstanceOf(OpenArrivals);
    expect(sourceOf({ trace: traceSpec({ path: fixture("mooncake.jsonl") }) })).toBeInstanceOf(TraceArrivals);
    const closed: ArrivalSpec = { kind: "closed", users: 3, think: lognormal, rampUpMs: 0 };
    expect(() => sourceOf({ arrivals: closed })).toThrow(RangeError);
  });
});

describe("ClosedLoop", () => {
  const closed: ArrivalSpec = {
    kind: "closed",
    users: 4,
    think: { kind: "uniform", min: 1000, max: 5000 },
    rampUpMs: 2000,
  };

  it("users: ramp-up -> start evenly over it", () => {
    const loop = new ClosedLoop(classSpec({ arrivals: closed }), new Streams(1));
    expect([0, 1, 2, 3].map((user) => loop.startMs(user))).toEqual([0, 500, 1000, 1500]);
  });

  it("users: requests -> ids of their own, think times in range and fixed by user and number", () => {
    const loop = new ClosedLoop(classSpec({ arrivals: closed }), new Streams(1));
    const ids = [0, 1, 2, 3].flatMap((user) => [0, 1, 2].map((k) => loop.requestId(user, k)));
    expect(new Set(ids).size).toBe(12);
    const thinks = Array.from({ length: 4000 }, (_, k) => loop.thinkMs(2, k));
    expect(Math.min(...thinks)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...thinks)).toBeLessThanOrEqual(5000);
    expect(Math.abs(mean(thinks) - 3000)).toBeLessThan(80);
    expect(new ClosedLoop(classSpec({ arrivals: closed }), new Streams(1)).thinkMs(2, 77)).toBe(thinks[77]);
  });

  it("constructor: open-loop arrivals or no user -> RangeError", () => {
    expect(() => new ClosedLoop(classSpec({ arrivals }), new Streams(1))).toThrow(RangeError);
    expect(() => new ClosedLoop(classSpec({ arrivals: { ...closed, users: 0 } }), new Streams(1))).toThrow(/users 0/);
  });
});
