import fc from "fast-check";
import { expect, it } from "vitest";
import { select } from "../../src/kernel/select.ts";

it("select: any values, many equal ones among them, any place -> the value that sorting puts there; the values stay the same ones", () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ min: 0, max: 1e9, noNaN: true }));
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200, size: "max" }), fc.array(place, { maxLength: 5 }), (all, shares) => {
      const values = Float64Array.from([...all, -1, -1]);
      const sorted = Float64Array.from(all).toSorted();
      for (const share of shares) {
        const at = Math.floor(share * all.length);
        expect(select(values, all.length, at)).toBe(sorted[at]);
      }
      expect(values.subarray(0, all.length).toSorted()).toEqual(sorted);
    }),
    { numRuns: 1000 },
  );
});

it("select: falling, rising and constant runs -> no quadratic time", () => {
  const length = 50_000;
  for (const shape of [(i: number) => i, (i: number) => length - i, () => 1, (i: number) => i % 2]) {
    let reads = 0;
    const counting = new Proxy(
      Float64Array.from({ length }, (_, i) => shape(i)),
      {
        get: (target, key) => (typeof key === "string" && reads++, Reflect.get(target, key)),
      },
    );
    select(counting, length, length >> 1);
    expect(reads).toBeLessThan(30 * length);
  }
});
