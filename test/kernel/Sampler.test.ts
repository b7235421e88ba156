import { describe, expect, it } from "vitest";
import * as Samplers from "../../src/kernel/Sampler.ts";
import type { Sampler } from "../../src/kernel/Sampler.ts";
import { Streams } from "../../src/kernel/Streams.ts";
import { gammaDistribution, kolmogorovSmirnov, momentsOf, normalDistribution } from "./Statistics.ts";

const SIZE = 100_000;

/** By counter, as requests draw: one value per id. */
const draw = (sampler: Sampler, name: string): Float64Array => {
  const draws = new Streams(20_240_607).open("sampler test", name);
  return Float64Array.from({ length: SIZE }, (_, id) => sampler.sample(draws.at(id)));
};

const exponentialDistribution = (x: number): number => 1 - Math.exp(-x);
const zipfDistribution = (n: number, s: number): ((x: number) => number) => {
  const sums = new Float64Array(n + 1);
  for (let rank = 1; rank <= n; rank++) sums[rank] = sums[rank - 1]! + rank ** -s;
  return (x) => sums[x]! / sums[n]!;
};
const logsigma = { mean: 400, p99: 2000 };
const table = [
  { p: 0.1, value: 5 },
  { p: 0.5, value: 20 },
  { p: 0.9, value: 100 },
  { p: 1, value: 400 },
];
const alongTable = (x: number): number => {
  const above = table.findIndex((point) => point.value > x);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const from = table[above - 1]!;
  const to = table[above]!;
  return from.p + ((x - from.value) / (to.value - from.value)) * (to.p - from.p);
};

const cases: ReadonlyArray<{
  name: string;
  sampler: Sampler;
  distribution: (x: number) => number;
}> = [
  { name: "uniform 2..10", sampler: Samplers.uniform(2, 10), distribution: (x) => (x - 2) / 8 },
  {
    name: "exponential 5",
    sampler: Samplers.exponential(5),
    distribution: (x) => exponentialDistribution(x / 5),
  },
  { name: "geometric 1", sampler: Samplers.geometric(1), distribution: () => 1 },
  { name: "geometric 3", sampler: Samplers.geometric(3), distribution: (x) => 1 - (2 / 3) ** x },
  {
    name: "geometric 250",
    sampler: Samplers.geometric(250),
    distribution: (x) => 1 - (1 - 1 / 250) ** x,
  },
  {
    name: "normal -3, 2",
    sampler: Samplers.normal(-3, 2),
    distribution: (x) => normalDistribution((x + 3) / 2),
  },
  {
    name: "lognormal 1, 0.5",
    sampler: Samplers.lognormal(1, 0.5),
    distribution: (x) => normalDistribution((Math.log(x) - 1) / 0.5),
  },
  {
    name: "gamma 2.5, 3",
    sampler: Samplers.gamma(2.5, 3),
    distribution: (x) => gammaDistribution(2.5, x / 3),
  },
  {
    name: "gamma 0.5, 1",
    sampler: Samplers.gamma(0.5, 1),
    distribution: (x) => gammaDistribution(0.5, x),
  },
  {
    name: "gamma mean 10 cv 2",
    sampler: Samplers.gammaFromMeanAndCv(10, 2),
    distribution: (x) => gammaDistribution(0.25, x / 40),
  },
  {
    name: "weibull 0.7, 2",
    sampler: Samplers.weibull(0.7, 2),
    distribution: (x) => exponentialDistribution((x / 2) ** 0.7),
  },
  {
    name: "weibull mean 7 cv 1",
    sampler: Samplers.weibullFromMeanAndCv(7, 1),
    distribution: (x) => exponentialDistribution(x / 7),
  },
  {
    name: "bounded Pareto 1.5, 1..1000",
    sampler: Samplers.boundedPareto(1.5, 1, 1000),
    distribution: (x) => (1 - x ** -1.5) / (1 - 1000 ** -1.5),
  },
  {
    name: "bounded Pareto 1, 2..50",
    sampler: Samplers.boundedPareto(1, 2, 50),
    distribution: (x) => (1 - 2 / x) / (1 - 2 / 50),
  },
  {
    name: "zipf 1000, 1.1",
    sampler: Samplers.zipf(1000, 1.1),
    distribution: zipfDistribution(1000, 1.1),
  },
  { name: "zipf 100, 0", sampler: Samplers.zipf(100, 0), distribution: (x) => x / 100 },
  {
    name: "zipf 200,000, 1",
    sampler: Samplers.zipf(200_000, 1),
    distribution: zipfDistribution(200_000, 1),
  },
  {
    name: "zipf 100,000, 6",
    sampler: Samplers.zipf(100_000, 6),
    distribution: zipfDistribution(100_000, 6),
  },
  { name: "quantile table", sampler: Samplers.quantileTable(table), distribution: alongTable },
  {
    name: "mixture",
    sampler: Samplers.mixture([
      { weight: 3, of: Samplers.exponential(1) },
      { weight: 1, of: Samplers.uniform(0, 40) },
      { weight: 0, of: Samplers.fixed(1e9) },
    ]),
    distribution: (x) => 0.75 * exponentialDistribution(x) + 0.25 * Math.min(1, x / 40),
  },
];

describe("Sampler", () => {
  it.each(cases)(
    "$name: $sampler.mean, $sampler.variance -> distribution, mean and variance as stated",
    ({ name, sampler, distribution }) => {
      const values = draw(sampler, name);
      expect(kolmogorovSmirnov(values, distribution)).toBeLessThan(1.95);
      const seen = momentsOf(values);
      expect(Math.abs(seen.mean - sampler.mean)).toBeLessThanOrEqual(4 * seen.meanError);
      expect(Math.abs(seen.variance - sampler.variance)).toBeLessThanOrEqual(5 * seen.varianceError + 1e-12);
    },
  );

  it("tails: exponential beyond 7.7 means, normal beyond 3.44 sd -> as often as they should be", () => {
    const draws = new Streams(3).open("sampler test", "tails").sequence();
    const many = 2_000_000;
    const exponential = Samplers.exponential(1);
    const normal = Samplers.normal(0, 1);
    const beyond = [0, 0, 0, 0];
    for (let count = 0; count < many; count++) {
      const x = exponential.sample(draws);
      const z = normal.sample(draws);
      if (x > 7.7) beyond[0]!++;
      if (x > 9) beyond[1]!++;
      if (z > 3.45) beyond[2]!++;
      if (z < -3.8) beyond[3]!++;
    }
    const expected = [Math.exp(-7.7), Math.exp(-9), 2.802932768e-4, 7.234804e-5].map((share) => share * many);
    expected.forEach((mean, index) => expect(Math.abs(beyond[index]! - mean)).toBeLessThan(4 * Math.sqrt(mean)));
  });

  it("a first draw that falls into the tail -> the tail of the distribution", () => {
    const rest = new Streams(4).open("sampler test", "tail").sequence();
    const tailOf = (sampler: Sampler, first: number): Float64Array =>
      Float64Array.from({ length: SIZE }, () => {
        let drawn = 0;
        return sampler.sample({ unit: () => (drawn++ === 0 ? first : rest.unit()) });
      });
    // Layer 0 of 128, or of 256, at its right end; in a normal also at its left end.
    const right = tailOf(Samplers.normal(0, 1), 0.9999 / 128);
    const left = tailOf(Samplers.normal(0, 1), 0.0001 / 128);
    const start = 3.442619855899;
    const survival = (z: number): number => normalDistribution(-z) / normalDistribution(-start);
    expect(kolmogorovSmirnov(right, (z) => 1 - survival(z))).toBeLessThan(1.95);
    expect(kolmogorovSmirnov(left, (z) => survival(-z))).toBeLessThan(1.95);
    const far = tailOf(Samplers.exponential(1), 0.9999 / 256);
    expect(kolmogorovSmirnov(far, (x) => exponentialDistribution(x - 7.697117470131049))).toBeLessThan(1.95);
  });

  it("lognormal by mean and p99 -> has that mean and that share above p99", () => {
    const sampler = Samplers.lognormalFromMeanAndP99(logsigma.mean, logsigma.p99);
    expect(sampler.mean).toBeCloseTo(logsigma.mean, 9);
    const above = draw(sampler, "p99").filter((value) => value > logsigma.p99).length;
    expect(Math.abs(above - SIZE / 100)).toBeLessThan(4 * Math.sqrt(SIZE / 100));
  });

  it("by mean and coefficient of variation -> mean and variance follow", () => {
    for (const cv of [0.2, 0.5, 1, 2.3, 5]) {
      for (const sampler of [Samplers.gammaFromMeanAndCv(30, cv), Samplers.weibullFromMeanAndCv(30, cv)]) {
        expect(sampler.mean).toBeCloseTo(30, 8);
        expect(Math.sqrt(sampler.variance) / 30).toBeCloseTo(cv, 8);
      }
    }
    expect(Samplers.gammaFromMeanAndCv(30, 0)).toMatchObject({ mean: 30, variance: 0 });
    expect(Samplers.weibullFromMeanAndCv(30, 0)).toMatchObject({ mean: 30, variance: 0 });
  });

  it("zipf of many ranks -> moments from the formula equal the plain sums", () => {
    for (const s of [0, 0.7, 1, 1.1, 2, 3]) {
      const n = 150_000;
      const sums = [0, 0, 0];
      for (let rank = 1; rank <= n; rank++) for (const k of [0, 1, 2]) sums[k]! += rank ** (k - s);
      const mean = sums[1]! / sums[0]!;
      const sampler = Samplers.zipf(n, s);
      expect(sampler.mean / mean).toBeCloseTo(1, 9);
      expect(sampler.variance / (sums[2]! / sums[0]! - mean * mean)).toBeCloseTo(1, 8);
    }
  });

  it("fixed -> the value, and no draw is taken", () => {
    const never = { unit: () => expect.unreachable() };
    expect(Samplers.fixed(7).sample(never)).toBe(7);
  });

  it("parameters outside their range -> RangeError that names them", () => {
    const wrong: ReadonlyArray<() => unknown> = [
      () => Samplers.fixed(NaN),
      () => Samplers.uniform(3, 2),
      () => Samplers.exponential(0),
      () => Samplers.geometric(0.5),
      () => Samplers.normal(0, -1),
      () => Samplers.lognormal(Infinity, 1),
      () => Samplers.lognormalFromMeanAndP99(100, 1600),
      () => Samplers.lognormalFromMeanAndP99(100, 90),
      () => Samplers.gamma(0, 1),
      () => Samplers.gammaFromMeanAndCv(1, -1),
      () => Samplers.weibull(1, 0),
      () => Samplers.weibullFromMeanAndCv(1, 1e9),
      () => Samplers.boundedPareto(1, 5, 5),
      () => Samplers.zipf(0, 1),
      () => Samplers.zipf(10.5, 1),
      () => Samplers.zipf(10, -1),
      () => Samplers.quantileTable([]),
      () =>
        Samplers.quantileTable([
          { p: 0.5, value: 2 },
          { p: 0.4, value: 3 },
        ]),
      () =>
        Samplers.quantileTable([
          { p: 0.5, value: 2 },
          { p: 0.6, value: 1 },
        ]),
      () => Samplers.quantileTable([{ p: 1.5, value: 2 }]),
      () => Samplers.mixture([]),
      () => Samplers.mixture([{ weight: -1, of: Samplers.fixed(1) }]),
    ];
    for (const act of wrong) expect(act).toThrow(RangeError);
    expect(() => Samplers.lognormalFromMeanAndP99(100, 1600)).toThrow(/p99 1600 .* mean 100/);
  });
});
