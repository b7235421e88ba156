import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantBroken } from "../../src/kernel/Invariants.ts";
import { SlotPool } from "../../src/kernel/SlotPool.ts";

describe("SlotPool", () => {
  it("random takes and gives -> live slots are distinct, columns keep their values through growth", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(99), { maxLength: 300, size: "max" }), (choices) => {
        const pool = new SlotPool(1);
        const number = pool.float64();
        const tag = pool.int32();
        const held: Array<{ slot: number; generation: number; value: number }> = [];
        let broken = false;
        choices.forEach((choice, step) => {
          if (choice < 60 || held.length === 0) {
            const slot = pool.take();
            broken ||= held.some((other) => other.slot === slot);
            number.at[slot] = step + 0.5;
            tag.at[slot] = step * 3;
            held.push({ slot, generation: pool.generation(slot), value: step });
          } else {
            const [gone] = held.splice(choice % held.length, 1);
            pool.give(gone!.slot);
            broken ||= pool.generation(gone!.slot) === gone!.generation;
          }
          expect(pool.live).toBe(held.length);
        });
        expect(broken).toBe(false);
        for (const { slot, generation, value } of held) {
          expect(pool.generation(slot)).toBe(generation);
          expect(number.at[slot]).toBe(value + 0.5);
          expect(tag.at[slot]).toBe(value * 3);
        }
        expect(pool.capacity).toBeGreaterThanOrEqual(pool.live);
        expect(number.at.length).toBe(pool.capacity);
      }),
    );
  });

  it("given back and taken again -> the same slot with another generation", () => {
    const pool = new SlotPool();
    const slot = pool.take();
    const before = pool.generation(slot);
    pool.give(slot);
    expect(pool.take()).toBe(slot);
    expect(pool.generation(slot)).toBe(before + 1);
  });

  it("given twice, never taken, outside the pool -> invariant 7", () => {
    const pool = new SlotPool(4);
    const slot = pool.take();
    pool.give(slot);
    for (const wrong of [slot, 3, -1, 1000]) {
      expect(() => pool.give(wrong)).toThrow(InvariantBroken);
    }
    expect(pool.live).toBe(0);
  });

  it("an initial capacity outside 1..2^30 -> RangeError", () => {
    expect(() => new SlotPool(0)).toThrow(RangeError);
    expect(() => new SlotPool(2 ** 31)).toThrow(RangeError);
    expect(() => new SlotPool(NaN)).toThrow(RangeError);
  });
});
