import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Streams } from "../../src/kernel/Streams.ts";
import type { UnitSource } from "../../src/kernel/Streams.ts";
import { kolmogorovSmirnov } from "./Statistics.ts";

const take = (source: UnitSource, count: number): Float64Array => Float64Array.from({ length: count }, () => source.unit());

const correlation = (x: Float64Array, y: Float64Array): number => {
  let sum = 0;
  for (let index = 0; index < x.length; index++) sum += (x[index]! - 0.5) * (y[index]! - 0.5) * 12;
  return sum / Math.sqrt(x.length);
};

const low = (unit: number): number => (unit * 2 ** 32) % 1;

const uniform = (x: number): number => x;

describe("Streams", () => {
  it("same seed, replication, path, purpose -> the same draws, whatever else was opened", () => {
    const one = new Streams(5, 2).open("fleet/a", "noise");
    const crowd = new Streams(5, 2);
    crowd.open("fleet/b", "noise").at(3).unit();
    const other = crowd.open("fleet/a", "noise");
    expect(take(one.at(9), 5)).toEqual(take(other.at(9), 5));
    expect(take(one.sequence(), 5)).toEqual(take(other.sequence(), 5));
    expect(take(one.sequence(), 5)).toEqual(take(one.sequence(), 5));
  });

  it("another seed, replication, path, purpose, or the border between them moved -> other draws", () => {
    const firsts = [
      new Streams(5).open("a", "b"),
      new Streams(6).open("a", "b"),
      new Streams(5.5).open("a", "b"),
      new Streams(2 ** 40 + 5).open("a", "b"),
      new Streams(5, 1).open("a", "b"),
      new Streams(5).open("b", "a"),
      new Streams(5).open("ab", ""),
      new Streams(5).open("", "ab"),
      new Streams(5).open("a", "c"),
    ];
    expect(new Set(firsts.map((draws) => draws.unit(1, 0))).size).toBe(firsts.length);
    expect(new Set(firsts.map((draws) => draws.sequence().unit())).size).toBe(firsts.length);
  });

  it("draws asked in any order -> unit(id, n) is the n-th of at(id)", () => {
    const asked = fc.array(fc.record({ id: fc.nat(1e6), draw: fc.nat(20) }), { minLength: 1 });
    fc.assert(
      fc.property(fc.integer(), asked, (seed, wanted) => {
        const draws = new Streams(seed).open("path", "purpose");
        for (const { id, draw } of wanted) {
          expect(take(draws.at(id), draw + 1)[draw]).toBe(draws.unit(id, draw));
        }
      }),
    );
  });

  it("any draw -> strictly inside (0, 1)", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(), (seed, id, draw) => {
        const unit = new Streams(seed).open("p", "q").unit(id, draw);
        expect(unit > 0 && unit < 1).toBe(true);
      }),
    );
  });

  it("draws over ids, over draw numbers, of neighboring streams, of sequences -> uniform", () => {
    const draws = new Streams(1).open("path", "purpose");
    const size = 100_000;
    const samples = [
      Float64Array.from({ length: size }, (_, id) => draws.unit(id, 0)),
      Float64Array.from({ length: size }, (_, id) => draws.unit(id, 1)),
      take(draws.at(0), size),
      Float64Array.from({ length: 20_000 }, (_, seed) => new Streams(seed).open("path", "purpose").unit(0, 0)),
      take(draws.sequence(), size),
    ];
    for (const sample of samples) expect(kolmogorovSmirnov(sample, uniform)).toBeLessThan(1.95);
  });

  it("low bits -> uniform too", () => {
    const draws = new Streams(1).open("path", "purpose");
    const samples = [take(draws.sequence(), 100_000), Float64Array.from({ length: 100_000 }, (_, id) => draws.unit(id, 0))];
    for (const sample of samples) expect(kolmogorovSmirnov(sample.map(low), uniform)).toBeLessThan(1.95);
  });

  it("neighboring ids, draw numbers, streams, seeds -> uncorrelated", () => {
    const size = 100_000;
    const ids = (shift: number, draw: number, name = "a", seed = 1): Float64Array => {
      const draws = new Streams(seed).open(name, "p");
      return Float64Array.from({ length: size }, (_, id) => draws.unit(id + shift, draw));
    };
    const base = ids(0, 0);
    const pairs = [ids(1, 0), ids(2, 0), ids(0, 1), ids(1, 1), ids(0, 0, "b"), ids(0, 0, "a", 2)];
    for (const other of pairs) expect(Math.abs(correlation(base, other))).toBeLessThan(3.9);
    const sequence = take(new Streams(1).open("a", "p").sequence(), size + 1);
    expect(Math.abs(correlation(sequence.slice(0, size), sequence.slice(1)))).toBeLessThan(3.9);
  });

  it("a seed that is not finite -> RangeError", () => {
    expect(() => new Streams(NaN)).toThrow(RangeError);
    expect(() => new Streams(Infinity)).toThrow(RangeError);
  });
});
