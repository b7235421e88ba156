import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantBroken } from "../../src/kernel/Invariants.ts";
import { SLOT_BITS, SlotPool } from "../../src/kernel/SlotPool.ts";

describe("SlotPool", () => {
  it("random takes and gives -> live slots are distinct, fields keep their values through growth", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(99), { maxLength: 300, size: "max" }), fc.integer({ min: 1, max: 40 }), (choices, fields) => {
        const pool = new SlotPool(1);
        // More than one record of either kind.
        const numbers = Array.from({ length: fields }, () => pool.float64());
        const tags = Array.from({ length: fields }, () => pool.int32());
        const held: Array<{ slot: number; value: number }> = [];
        let broken = false;
        choices.forEach((choice, step) => {
          if (choice < 60 || held.length === 0) {
            const slot = pool.take();
            broken ||= held.some((other) => other.slot === slot);
            numbers.forEach((number, field) => (number.at[slot] = step + 0.5 + 1000 * field));
            tags.forEach((tag, field) => (tag.at[slot] = step * 3 + 1000 * field));
            held.push({ slot, value: step });
          } else {
            const [gone] = held.splice(choice % held.length, 1);
            pool.give(gone!.slot);
            broken ||= pool.isLive(gone!.slot);
          }
          expect(pool.live).toBe(held.length);
        });
        expect(broken).toBe(false);
        for (const { slot, value } of held) {
          expect(pool.isLive(slot)).toBe(true);
          expect(numbers.map((number) => number.at[slot]! - value)).toEqual(numbers.map((_, field) => 0.5 + 1000 * field));
          expect(tags.map((tag) => tag.at[slot]! - value * 3)).toEqual(tags.map((_, field) => 1000 * field));
          const first = Array.from({ length: Math.min(fields, 16) }, (_, field) => field);
          expect(first.map((field) => pool.doubles[slot | field])).toEqual(first.map((field) => value + 0.5 + 1000 * field));
          expect(first.map((field) => pool.ints[slot | field])).toEqual(first.map((field) => value * 3 + 1000 * field));
        }
        expect(pool.capacity).toBeGreaterThanOrEqual(pool.live);
        expect([...pool.liveSlots()]).toEqual(held.map(({ slot }) => slot).toSorted((a, b) => a - b));
      }),
    );
  });

  it("given back and taken again -> the same slot", () => {
    const pool = new SlotPool();
    const slot = pool.take();
    pool.give(slot);
    expect(pool.take()).toBe(slot);
  });

  it("given twice, never taken, outside the pool -> invariant 7", () => {
    const pool = new SlotPool(4);
    const slot = pool.take();
    pool.give(slot);
    for (const wrong of [slot, 3 << SLOT_BITS, -1 << SLOT_BITS, 1000 << SLOT_BITS]) {
      expect(() => pool.give(wrong)).toThrow(InvariantBroken);
    }
    expect(pool.live).toBe(0);
  });

  it("an initial capacity outside 1..2^26 -> RangeError", () => {
    expect(() => new SlotPool(0)).toThrow(RangeError);
    expect(() => new SlotPool(2 ** 27)).toThrow(RangeError);
    expect(() => new SlotPool(NaN)).toThrow(RangeError);
  });
});
