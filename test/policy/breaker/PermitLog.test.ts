import fc from "fast-check";
import { expect, it } from "vitest";
import { PermitLog } from "../../../src/policy/breaker/PermitLog.ts";

it("permit log: any permits, settled in any order -> once each, of the last so many, of none from before it forgot", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ what: fc.constant("issue" as const), count: fc.constantFrom(1, 2, 31, 33, 300) }) },
    { weight: 5, arbitrary: fc.record({ what: fc.constant("settle" as const), back: fc.constantFrom(-1, 0, 1, 2, 3, 31, 32, 64, 500) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant("forget" as const) }) },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3, 32, 33, 1024, 1025, 2100),
      fc.array(step, { minLength: 5, maxLength: 20, size: "max" }),
      (remembered, steps) => {
        const log = new PermitLog(remembered, 5);
        let open = new Set<number>();
        let next = 5;
        for (const step of steps) {
          if (step.what === "issue") {
            const first = next;
            const issued = Array.from({ length: step.count }, () => log.issue());
            for (; next < first + step.count; next++) {
              open.add(next);
              open.delete(next - remembered);
            }
            expect([issued[0], issued.at(-1)]).toEqual([first, next - 1]);
          } else if (step.what === "settle") expect(log.settle(next - 1 - step.back)).toBe(open.delete(next - 1 - step.back));
          else {
            log.forget();
            open = new Set();
          }
          expect(log.next).toBe(next);
        }
        expect([...open].filter((permit) => !log.settle(permit))).toEqual([]);
      },
    ),
  );
});

it("permit log: more permits than it began with room for -> none settles twice, whichever came before or after it grew", () => {
  for (const remembered of [1100, 3000]) {
    const log = new PermitLog(remembered, 0);
    const issued = (count: number) => Array.from({ length: count }, () => log.issue());
    const early = issued(1000).slice(900);
    expect(early.filter((permit) => log.settle(permit))).toEqual(early);
    // Up to 1039 and up to 1099: the room it began with ends at 1024.
    for (const count of [40, 60]) {
      const late = issued(count);
      expect(late.filter((permit) => log.settle(permit))).toEqual(late);
      expect([...early, ...late].filter((permit) => log.settle(permit))).toEqual([]);
    }
  }
});

it("permit log: goes on far from where it began -> none settles twice", () => {
  const log = new PermitLog(3000, 0);
  log.next = 2500;
  log.forget();
  const permit = log.issue();
  expect([permit, log.settle(permit), log.settle(permit)]).toEqual([2500, true, false]);
});
