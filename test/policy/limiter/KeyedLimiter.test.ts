import { expect, it } from "vitest";
import { Gcra, KeyedLimiter, TokenBucket } from "../../../src/policy/limiter/index.ts";

it("keyed limiter: 16 idle keys, then a new one -> all 16 are looked at and dropped", () => {
  const limiter = new KeyedLimiter(new Gcra({ permits: 1, perMs: 1000, burst: 1 }), { maxKeys: 100, whenFull: "refuse" });
  for (let key = 0; key < 16; key++) expect(limiter.take(`k${key}`, 1, 0)).toBe(0);
  expect(limiter.take("new", 1, 5000)).toBe(0);
  expect(limiter.keys).toBe(1);
});

it("keyed limiter: full of keys in use -> a new key waits for the first of them that gets idle", () => {
  const limiter = new KeyedLimiter(new Gcra({ permits: 1, perMs: 1000, burst: 1 }), { maxKeys: 2, whenFull: "refuse" });
  limiter.take("a", 1, 0);
  limiter.take("b", 1, 400);
  expect(limiter.take("c", 1, 500)).toBe(500);
  expect(limiter.take("c", 1, 1000)).toBe(0);
  expect(limiter.keys).toBe(2);
});

it("keyed limiter: more keys than it looks at -> in turn, each new key goes on where the last one stopped", () => {
  const limiter = new KeyedLimiter(new Gcra({ permits: 1, perMs: 1000, burst: 1 }), { maxKeys: 100, whenFull: "refuse" });
  for (let key = 0; key < 40; key++) limiter.take(`k${key}`, 1, 0);
  // 16 of the 40 are dropped; then 15, for the first new key is one of the 16 looked at; then the 9 that are left.
  expect([5000, 5001, 5002].map((now) => [limiter.take(`new ${now}`, 1, now), limiter.keys])).toEqual([
    [0, 25],
    [0, 11],
    [0, 3],
  ]);
});

it("keyed limiter: full, evicting -> the key whose turn it is goes, and idle ones before it", () => {
  const limiter = new KeyedLimiter(new TokenBucket({ permits: 1, perMs: 1000, burst: 2 }), { maxKeys: 2, whenFull: "evict" });
  limiter.take("a", 2, 0);
  limiter.take("b", 2, 0);
  limiter.take("c", 2, 1);
  // a and b were looked at, in turn from b on; b went: it is new again.
  expect([limiter.remaining("a", 1), limiter.remaining("b", 1), limiter.evicted]).toEqual([0, 2, 1]);
  expect([limiter.take("d", 1, 2000), limiter.keys, limiter.evicted]).toEqual([0, 2, 1]);
});

it("keyed limiter: asked about a key -> as the limiter of that key alone, and none is made; other settings -> for all keys", () => {
  const tight = new TokenBucket({ permits: 1, perMs: 1000, burst: 2 });
  const limiter = new KeyedLimiter(tight, { maxKeys: 5, whenFull: "refuse" });
  limiter.take("a", 2, 0);
  expect([limiter.waitMs("a", 1, 400), limiter.waitMs("b", 2, 400), limiter.waitMs("b", 3, 400)]).toEqual([600, 0, Infinity]);
  expect([limiter.remaining("a", 1000), limiter.remaining("b", 0), limiter.keys, limiter.limiter]).toEqual([1, 2, 1, tight]);
  const wide = new TokenBucket({ permits: 10, perMs: 1000, burst: 20 });
  limiter.reconfigure(wide, 1000);
  expect([limiter.limiter, limiter.remaining("a", 1000), limiter.remaining("b", 1000), limiter.waitMs("a", 3, 1000)]).toEqual([
    wide,
    1,
    20,
    200,
  ]);
});

it("keyed limiter: full, refusing -> until the first of those looked at is idle, wherever it stands", () => {
  const limiter = new KeyedLimiter(new Gcra({ permits: 1, perMs: 1000, burst: 3 }), { maxKeys: 3, whenFull: "refuse" });
  for (const [key, cost] of [
    ["a", 3],
    ["b", 1],
    ["c", 2],
  ] as const)
    limiter.take(key, cost, 0);
  expect([limiter.take("d", 1, 0), limiter.take("d", 1, 999), limiter.take("d", 1, 1000)]).toEqual([1000, 1, 0]);
});
