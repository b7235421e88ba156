import fc from "fast-check";
import { expect, it } from "vitest";
import { LeaseRing } from "../../src/policy/LeaseRing.ts";

it("lease ring: any issues, ends and expiries -> those of a list; full while the oldest of as many as it holds is held", () => {
  const step = fc.record({
    gapUs: fc.constantFrom(0, 0, 1, 99, 100, 101),
    what: fc.constantFrom("issue", "issue", "issue", "end", "end", "expire"),
    back: fc.constantFrom(-1, 0, 0.5, 1, 2, 3, 5, 50, NaN),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { minLength: 5, maxLength: 50, size: "max" }), (slots, steps) => {
      const ring = new LeaseRing(slots, 100);
      const held: Array<{ readonly id: number; readonly endUs: number }> = [];
      let [nowUs, next] = [0, 0];
      for (const { gapUs, what, back } of steps) {
        nowUs += gapUs;
        const oldest = held[0];
        if (what === "issue") {
          const isFull = oldest !== undefined && next - oldest.id >= slots;
          expect(ring.issue(nowUs)).toBe(isFull ? -1 : next);
          if (!isFull) held.push({ id: next++, endUs: nowUs + 100 });
        } else if (what === "end") {
          const at = held.findIndex(({ id }) => id === next - 1 - back);
          expect(ring.end(next - 1 - back)).toBe(at >= 0);
          if (at >= 0) held.splice(at, 1);
        } else {
          const isOver = oldest !== undefined && oldest.endUs <= nowUs;
          expect(ring.expired(nowUs)).toBe(isOver ? oldest.id : -1);
          if (isOver) held.shift();
        }
        expect(ring.nextEndUs()).toBe(held[0]?.endUs ?? Infinity);
        expect(new Set(held.map(({ id }) => ring.slot(id))).size).toBe(held.length);
        for (const { id } of held) expect(ring.slot(id)).toBeLessThan(slots);
      }
    }),
  );
});
