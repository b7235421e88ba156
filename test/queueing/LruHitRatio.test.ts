import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lruHitRatio } from "../../src/queueing/index.ts";

/**
 * Exact hit ratio by the law of the move-to-front order (King 1971): the cache holds i1, i2, ... most recent first with
 * probability p(i1) p(i2) / (1 - p(i1)) p(i3) / (1 - p(i1) - p(i2)) ...
 */
function exactHitRatio(share: ReadonlyArray<number>, capacity: number): number {
  const visit = (cached: ReadonlyArray<number>, probability: number, mass: number): number => {
    if (cached.length === capacity) return probability * mass;
    return share.reduce(
      (sum, p, i) => (cached.includes(i) || p === 0 ? sum : sum + visit([...cached, i], (probability * p) / (1 - mass), mass + p)),
      0,
    );
  };
  return visit([], 1, 0);
}

/** The same by the power method on the Markov chain of a cache of two, as a check of the oracle itself. */
function hitRatioByChain(share: ReadonlyArray<number>): number {
  const n = share.length;
  let law = new Float64Array(n * n).fill(1 / (n * n));
  for (let turn = 0; turn < 2000; turn++) {
    const next = new Float64Array(n * n);
    law.forEach((probability, state) => {
      const front = Math.floor(state / n);
      share.forEach((p, i) => (next[i === front ? state : i * n + front]! += probability * p));
    });
    law = next;
  }
  return law.reduce((sum, probability, state) => {
    const [front, back] = [Math.floor(state / n), state % n];
    return sum + probability * (share[front]! + (front === back ? 0 : share[back]!));
  }, 0);
}

const zipf = (objects: number, exponent: number): Array<number> => {
  const weights = Array.from({ length: objects }, (_, i) => (i + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

describe("lruHitRatio", () => {
  it("exact oracle: four objects, room for two -> King's law equals the Markov chain", () => {
    for (const share of [zipf(3, 1), zipf(4, 0.8), [0.7, 0.1, 0.1, 0.1]])
      expect(exactHitRatio(share, 2)).toBeCloseTo(hitRatioByChain(share), 10);
  });

  it("lruHitRatio: small caches -> within 0.03 of exact; larger ones -> closer", () => {
    for (const exponent of [0.6, 0.8, 1, 1.2]) {
      const error = (objects: number, capacity: number): number => {
        const popularity = zipf(objects, exponent);
        return Math.abs(lruHitRatio({ popularity, capacity }).hitRatio - exactHitRatio(popularity, capacity));
      };
      expect(error(4, 2)).toBeLessThan(0.03);
      expect(error(12, 4)).toBeLessThan(0.01);
      expect(error(12, 4)).toBeLessThan(error(4, 2));
    }
  });

  it("lruHitRatio: equal popularity -> about capacity over objects; exactly everything that fits", () => {
    const popularity = zipf(1000, 0);
    expect(lruHitRatio({ popularity, capacity: 250 }).hitRatio).toBeCloseTo(0.25, 10);
    expect(lruHitRatio({ popularity, capacity: 1000 }).hitRatio).toBeCloseTo(1, 12);
    expect(lruHitRatio({ popularity, capacity: 0 }).hitRatio).toBe(0);
  });

  it("lruHitRatio: any popularity -> the expected number cached is the capacity; more room or more popularity -> more hits", () => {
    const weights = fc.array(fc.double({ min: 0.001, max: 10, noNaN: true }), {
      minLength: 3,
      maxLength: 60,
    });
    fc.assert(
      fc.property(weights, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (popularity, fill) => {
        const capacity = fill * popularity.length;
        const hits = lruHitRatio({ popularity, capacity });
        expect(hits.objectHitRatio.reduce((sum, ratio) => sum + ratio, 0)).toBeCloseTo(capacity, 8);
        expect(lruHitRatio({ popularity, capacity: capacity * 1.05 }).hitRatio).toBeGreaterThan(hits.hitRatio);
        const order = popularity.map((_, i) => i).toSorted((a, b) => popularity[a]! - popularity[b]!);
        for (let k = 1; k < order.length; k++)
          expect(hits.objectHitRatio[order[k]!]!).toBeGreaterThanOrEqual(hits.objectHitRatio[order[k - 1]!]!);
      }),
    );
  });

  it("lruHitRatio: objects that nobody asks for -> no influence", () => {
    const popularity = zipf(20, 1);
    const padded = lruHitRatio({ popularity: [...popularity, 0, 0, 0], capacity: 5 });
    expect(padded.hitRatio).toBeCloseTo(lruHitRatio({ popularity, capacity: 5 }).hitRatio, 12);
    expect(lruHitRatio({ popularity: [1, 0], capacity: 1 }).hitRatio).toBe(1);
  });

  it("lruHitRatio: wrong inputs -> RangeError", () => {
    expect(() => lruHitRatio({ popularity: [1, -1], capacity: 1 })).toThrow(/popularity\[1\].*-1/);
    expect(() => lruHitRatio({ popularity: [0, 0], capacity: 1 })).toThrow(/popularity.*total > 0/);
    expect(() => lruHitRatio({ popularity: [1], capacity: -1 })).toThrow(/capacity/);
  });
});
