import { describe, expect, it } from "vitest";
import { Streams } from "../../src/kernel/Streams.ts";
import { ArrivalTimes } from "../../src/workload/ArrivalTimes.ts";
import type { OpenArrivalSpec } from "../../src/workload/ArrivalTimes.ts";
import type { RateSpec, SpikeSpec } from "../../src/workload/TrafficSpec.ts";
import { cvOf, gapsOf, idcOf, mean } from "./support.ts";

const rate: RateSpec = { kind: "constant", perSecond: 50 };

const timesUntil = (
  spec: OpenArrivalSpec,
  endMs: number,
  options: { readonly spikes?: ReadonlyArray<SpikeSpec>; readonly seed?: number } = {},
): ReadonlyArray<number> => {
  const source = new ArrivalTimes(spec, options.spikes ?? [], new Streams(options.seed ?? 1), "traffic/chat");
  const times: Array<number> = [];
  for (let ms = source.next(); ms < endMs; ms = source.next()) times.push(ms);
  return times;
};

/** Expected and standard error are those of n independent gaps. */
const expectRate = (times: ReadonlyArray<number>, endMs: number, perSecond: number, cv: number): void => {
  const expected = (endMs / 1000) * perSecond;
  expect(Math.abs(times.length - expected)).toBeLessThan(4 * Math.max(cv, 0.1) * Math.sqrt(expected));
};

const renewals: ReadonlyArray<readonly [OpenArrivalSpec, number]> = [
  [{ kind: "poisson", rate }, 1],
  [{ kind: "gamma", rate, cv: 0.4 }, 0.4],
  [{ kind: "gamma", rate, cv: 3 }, 3],
  [{ kind: "weibull", rate, cv: 0.5 }, 0.5],
  [{ kind: "weibull", rate, cv: 2 }, 2],
  [{ kind: "gamma", rate, cv: 0 }, 0],
];

const slotsOf = (times: ReadonlyArray<number>): Set<number> => new Set(times.map((ms) => Math.floor(ms / 200)));

describe("ArrivalTimes", () => {
  it.each(renewals)("%j: constant rate -> rate, CV of gaps and IDC = CV^2", (spec, cv) => {
    const endMs = 4_000_000;
    const times = timesUntil(spec, endMs);
    expectRate(times, endMs, 50, cv);
    expect(Math.abs(cvOf(gapsOf(times)) - cv)).toBeLessThan(0.03 * Math.max(cv, 0.2));
    const idc = idcOf(times, 2000, endMs);
    expect(Math.abs(idc - cv * cv)).toBeLessThan(0.15 * Math.max(cv * cv, 0.2));
  });

  it("deterministic: constant rate -> multiples of the gap, without drift", () => {
    const times = timesUntil({ kind: "deterministic", rate: { kind: "constant", perSecond: 30 } }, 1_000_000.5);
    expect(times.length).toBe(30_000);
    times.forEach((ms, index) => expect(Math.abs(ms - ((index + 1) * 1000) / 30)).toBeLessThan(1e-9));
  });

  it("renewal processes: short windows -> the expected count is the rate's integral from time 0 on", () => {
    for (const kind of ["gamma", "weibull"] as const) {
      const counts = Array.from({ length: 4000 }, (_, seed) => timesUntil({ kind, rate, cv: 4 }, 200, { seed }).length);
      // Ten are expected; a process that starts with a full gap has about (16 - 1) / 2 more.
      expect(Math.abs(mean(counts) - 10)).toBeLessThan(1.2);
    }
  });

  it("spikes: on each process -> counts within the spike follow the raised rate", () => {
    const spikes: ReadonlyArray<SpikeSpec> = [{ shape: "square", atMs: 100_000, durationMs: 100_000, factor: 4 }];
    const specs: ReadonlyArray<OpenArrivalSpec> = [
      { kind: "poisson", rate },
      { kind: "gamma", rate, cv: 2 },
      { kind: "weibull", rate, cv: 2 },
      { kind: "deterministic", rate },
    ];
    for (const spec of specs) {
      const times = timesUntil(spec, 300_000, { spikes });
      const inside = times.filter((ms) => ms >= 100_000 && ms < 200_000).length;
      expect(Math.abs(inside - 20_000)).toBeLessThan(4 * 2 * Math.sqrt(20_000));
      expect(Math.abs(times.length - inside - 10_000)).toBeLessThan(4 * 2 * Math.sqrt(10_000));
    }
  });

  it("mmpp: two states -> mean rate, and the asymptotic IDC of the closed form", () => {
    const states = [
      { perSecond: 10, meanMs: 600 },
      { perSecond: 90, meanMs: 300 },
    ];
    const endMs = 12_000_000;
    const times = timesUntil({ kind: "mmpp", states }, endMs);
    const meanRate = (10 * 600 + 90 * 300) / 900;
    expect(Math.abs(times.length / (endMs / 1000) / meanRate - 1)).toBeLessThan(0.02);
    // Source: Fischer and Meier-Hellstern (1993): 1 + 2 r1 r2 (l1 - l2)^2 / ((r1 + r2)^2 (l1 r2 + l2 r1)), rates per s.
    const [r1, r2, l1, l2] = [1 / 0.6, 1 / 0.3, 10, 90];
    const idc = 1 + (2 * r1 * r2 * (l1 - l2) ** 2) / ((r1 + r2) ** 2 * (l1 * r2 + l2 * r1));
    expect(Math.abs(idcOf(times, 60_000, endMs) / idc - 1)).toBeLessThan(0.3);
    expect(idc).toBeGreaterThan(15);
  });

  it("mmpp: a spike -> the rate is raised and the states change as without it", () => {
    const states = [
      { perSecond: 0, meanMs: 1000 },
      { perSecond: 100, meanMs: 1000 },
    ];
    const spikes: ReadonlyArray<SpikeSpec> = [{ shape: "square", atMs: 0, durationMs: 1e9, factor: 5 }];
    const calm = timesUntil({ kind: "mmpp", states }, 2_000_000);
    const busy = timesUntil({ kind: "mmpp", states }, 2_000_000, { spikes });
    expect(Math.abs(busy.length / calm.length - 5)).toBeLessThan(0.15);
    const inCalm = slotsOf(calm);
    const inBusy = slotsOf(busy);
    expect([...inCalm].filter((slot) => inBusy.has(slot)).length).toBeGreaterThan(0.98 * inCalm.size);
    expect(inBusy.size).toBeLessThan(1.1 * inCalm.size);
  });

  it("mmpp: extra rate on silent states -> only the spike has arrivals", () => {
    const states = [{ perSecond: 0, meanMs: 10 }];
    const spikes: ReadonlyArray<SpikeSpec> = [{ shape: "square", atMs: 5000, durationMs: 1000, extraPerSecond: 1000 }];
    const times = timesUntil({ kind: "mmpp", states }, Infinity, { spikes });
    expect(Math.abs(times.length - 1000)).toBeLessThan(4 * Math.sqrt(1000));
    expect(times[0]).toBeGreaterThanOrEqual(5000);
    expect(times.at(-1)).toBeLessThanOrEqual(6000);
  });

  it("same seed -> same times; another seed -> others", () => {
    const spec: OpenArrivalSpec = { kind: "gamma", rate, cv: 2 };
    expect(timesUntil(spec, 10_000)).toEqual(timesUntil(spec, 10_000));
    expect(timesUntil(spec, 10_000)).not.toEqual(timesUntil(spec, 10_000, { seed: 2 }));
  });
});
