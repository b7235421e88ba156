import fc from "fast-check";
import { expect, it } from "vitest";
import { PriorityLevel } from "../../../src/policy/shedding/index.ts";
import { expectFaults } from "../Settings.ts";

const DAGOR = { queueWaitMs: 20, windowMs: 1000, windowRequests: 2000, cutRatio: 0.05, growRatio: 0.01, businessLevels: 4, userLevels: 8 };

/** Algorithm 1 of the source over a list of the window's arrivals. */
class Naive {
  readonly levels = 32;
  level = 31;
  startMs: number | undefined;
  arrivals: Array<number> = [];
  admitted = 0;
  waits: Array<number> = [];
  readonly growRatio: number;

  constructor(growRatio: number) {
    this.growRatio = growRatio;
  }

  turn(waiting: number, now: number): void {
    this.startMs ??= now;
    if (now - this.startMs < 1000 && this.arrivals.length < DAGOR.windowRequests) return;
    const mean = this.waits.reduce((sum, wait) => sum + wait, 0) / this.waits.length;
    const overloaded = this.waits.length === 0 ? waiting > 0 : mean > 20;
    const wanted = overloaded ? 0.95 * this.admitted : this.admitted + this.growRatio * this.arrivals.length;
    this.level = 0;
    for (let level = 1; level < this.levels && this.arrivals.filter((at) => at < level).length <= wanted; level++) this.level = level;
    [this.startMs, this.arrivals, this.admitted, this.waits] = [now, [], 0, []];
  }
}

it("priority: any history -> the levels of the source's algorithm; never a lower class in while a higher one is out", () => {
  const step = fc.record({
    gapMs: fc.constantFrom(0, 1, 50, 333, 999, 1000, 1001, 5000),
    business: fc.integer({ min: -1, max: 4 }),
    user: fc.integer({ min: -1, max: 8 }),
    workMs: fc.constantFrom(0, 0, 500, 1000),
    waitedMs: fc.option(fc.constantFrom(0, 19, 20, 21, 200)),
    waiting: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.constantFrom(0.01, 0.5), fc.array(step, { maxLength: 120 }), (growRatio, history) => {
      const policy = new PriorityLevel({ ...DAGOR, growRatio });
      const naive = new Naive(growRatio);
      let now = 7;
      for (const { gapMs, business, user, workMs, waitedMs, waiting } of history) {
        now += gapMs;
        naive.turn(waiting, now);
        const at = Math.max(0, Math.min(business, 3)) * 8 + Math.max(0, Math.min(user, 7));
        naive.arrivals.push(at);
        naive.admitted += Number(at <= naive.level);
        expect(policy.admits(business, user, waiting, now)).toBe(at <= naive.level);
        expect(policy.level).toBe(naive.level);
        if (waitedMs === null) continue;
        now += workMs;
        naive.turn(waiting, now);
        naive.waits.push(waitedMs);
        policy.started(waitedMs, waiting, now);
      }
    }),
  );
});

it("priority: 1, 2, 5 and 10 x capacity -> goodput stays near capacity, and the highest class keeps its service", () => {
  for (const load of [1, 2, 5, 10]) {
    const policy = new PriorityLevel({ ...DAGOR, businessLevels: 1, userLevels: 128, cutRatio: 0.2, growRatio: 0.05 });
    // A server of 1,000 requests per second; what waits more than 500 ms is worthless.
    let backlog = 0;
    let good = 0;
    let topOffered = 0;
    let topIn = 0;
    for (let turn = 0; turn < 60_000 * load; turn++) {
      const now = turn / load;
      backlog = Math.max(0, backlog - 1 / load);
      const user = (turn * 7919) % 128;
      const admitted = policy.admits(0, user, Math.floor(backlog), now);
      if (now > 20_000 && user < 5) [topOffered, topIn] = [topOffered + 1, topIn + Number(admitted)];
      if (!admitted) continue;
      if (now > 20_000 && backlog <= 500) good++;
      policy.started(backlog, Math.floor(backlog), now);
      backlog++;
    }
    expect(good / 40_000).toBeGreaterThan(0.75);
    expect(topIn / topOffered).toBeGreaterThan(0.99);
  }
});

it("priority: 1,999, 2,000 and 2,001 requests in a window of long waits -> the level falls with the 2,000th", () => {
  const policy = new PriorityLevel({ ...DAGOR, cutRatio: 0.2 });
  const levelAfter = Array.from({ length: 2002 }, (_, i) => {
    policy.admits(i % 4, i % 8, 1, 0);
    policy.started(50, 1, 0);
    return policy.level;
  });
  expect([levelAfter[1998], levelAfter[1999]]).toEqual([31, 27]);
});

it("priority: a setting out of bounds -> the fault that says what it must be", () => {
  const ratio = "a finite number > 0 <= 1";
  const constraints = {
    queueWaitMs: "a finite number >= 0",
    windowMs: "a finite number > 0",
    windowRequests: "a whole number >= 1 <= 1073741824",
    cutRatio: ratio,
    growRatio: ratio,
    businessLevels: "a whole number >= 1 <= 65536",
    userLevels: "a whole number >= 1 <= 16384",
  };
  expectFaults("priority", DAGOR, constraints, (settings) => new PriorityLevel(settings));
  expect(() => new PriorityLevel({ ...DAGOR, businessLevels: 1024, userLevels: 65 })).toThrow(
    "priority.userLevels: must be a whole number >= 1 <= 64",
  );
});
