import { expect, it } from "vitest";
import { Gcra, KeyedLimiter } from "../../../src/policy/limiter/index.ts";

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
