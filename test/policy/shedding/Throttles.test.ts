import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientThrottle, SuccessThrottle } from "../../../src/policy/shedding/index.ts";
import { drawsOf } from "../routing/Fleet.ts";
import { expectFaults } from "../Settings.ts";

const SRE = { multiplier: 2, windowMs: 120_000, buckets: 120 };
const ENVOY = { threshold: 0.95, aggression: 1, windowMs: 30_000, buckets: 30, minimumPerSecond: 0, maxRejectionRatio: 0.8 };
const gaps = fc.constantFrom(0, 1, 500, 999, 1000, 1001, 20_000, 119_000, 120_000, 121_000, 500_000);
/** Whether an event's bucket of one second is still in the window. */
const within = (atMs: number, nowMs: number, seconds: number) => Math.floor(nowMs / 1000) - Math.floor(atMs / 1000) < seconds;

describe("clientThrottle", () => {
  it("clientThrottle: any history -> the formula over a list of all events of the window, this request included", () => {
    const steps = fc.array(
      fc.record({
        gapMs: gaps,
        act: fc.constantFrom("request", "request", "accept"),
        draw: fc.nat(999).map((part) => part / 1000),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.constantFrom(1, 1.1, 2), steps, (multiplier, history) => {
        const throttle = new ClientThrottle({ ...SRE, multiplier });
        const requests: Array<number> = [];
        const accepts: Array<number> = [];
        let now = 0;
        for (const { gapMs, act, draw } of history) {
          now += gapMs;
          (act === "request" ? requests : accepts).push(now);
          if (act === "accept") throttle.accepted(now);
          else {
            const inside = requests.filter((at) => within(at, now, 120)).length;
            const accepted = accepts.filter((at) => within(at, now, 120)).length;
            const expected = Math.max(0, (inside - multiplier * accepted) / (inside + 1));
            expect(throttle.admits(draw, now)).toBe(draw >= expected);
            expect(throttle.rejectionRatio()).toBe(expected);
          }
        }
      }),
    );
  });

  it.each([
    [2, 1, 3, 2],
    [2, 10, 10, 2],
    [1.1, 1, 10, 1.1],
    [2, 1, 1.5, 1.5],
  ])(
    "clientThrottle: K %d, offered %d to %d x capacity -> sends min(offered, K * capacity) within 3 %%",
    (multiplier, _from, offered, sent) => {
      const throttle = new ClientThrottle({ ...SRE, multiplier });
      const draw = drawsOf(17);
      const capacityPerSecond = 20;
      const stepMs = 1000 / (offered * capacityPerSecond);
      let forwarded = 0;
      let credit = 0;
      const horizonMs = 22 * 120_000;
      for (let now = 0; now < horizonMs; now += stepMs) {
        credit = Math.min(capacityPerSecond, credit + (stepMs * capacityPerSecond) / 1000);
        if (!throttle.admits(draw(), now)) continue;
        if (now >= 240_000) forwarded++;
        if (credit < 1) continue;
        credit -= 1;
        throttle.accepted(now);
      }
      const ratio = forwarded / (capacityPerSecond * 20 * 120);
      expect(Math.abs(ratio / sent - 1)).toBeLessThan(0.03);
    },
  );

  it("clientThrottle: nothing was ever accepted -> some requests still go; an idle window -> the first one goes", () => {
    const throttle = new ClientThrottle(SRE);
    const draw = drawsOf(3);
    let sent = 0;
    for (let turn = 0; turn < 10_000; turn++) sent += Number(throttle.admits(draw(), 0));
    // Expected: sum of 1 / (n + 1), about ln(10,000).
    expect(sent).toBeGreaterThan(3);
    expect(sent).toBeLessThan(30);
    expect(throttle.admits(0.5, 120_000)).toBe(true);
    expect(throttle.rejectionRatio()).toBe(0.5);
  });

  it("clientThrottle: a clock that steps back -> what comes then counts as of the latest reading", () => {
    const throttle = new ClientThrottle(SRE);
    throttle.admits(0, 1000);
    throttle.admits(0, 0);
    throttle.admits(0, 120_999);
    expect(throttle.rejectionRatio()).toBe(3 / 4);
    throttle.admits(0, 121_000);
    expect(throttle.rejectionRatio()).toBe(2 / 3);
  });

  it("clientThrottle: a setting out of bounds -> the fault that says what it must be", () => {
    const constraints = { multiplier: "a finite number >= 1", windowMs: "a finite number > 0", buckets: "a whole number >= 1 <= 100000" };
    expectFaults("clientThrottle", SRE, constraints, (settings) => new ClientThrottle(settings));
  });
});

describe("successThrottle", () => {
  it("successThrottle: any history -> the formula over a list of the answers of the window", () => {
    const steps = fc.array(
      fc.record({ gapMs: gaps, act: fc.constantFrom("ask", "ok", "fail", "fail"), draw: fc.nat(999).map((part) => part / 1000) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.constantFrom(0, 0.1), steps, (aggression, minimumPerSecond, history) => {
        const throttle = new SuccessThrottle({ ...ENVOY, aggression, minimumPerSecond });
        const answers: Array<{ atMs: number; ok: boolean }> = [];
        let now = 0;
        for (const { gapMs, act, draw } of history) {
          now += gapMs;
          if (act !== "ask") {
            answers.push({ atMs: now, ok: act === "ok" });
            throttle.answered(act === "ok", now);
            continue;
          }
          const inside = answers.filter(({ atMs }) => within(atMs, now, 30));
          const lack = (inside.length - inside.filter(({ ok }) => ok).length / 0.95) / (inside.length + 1);
          const quiet = inside.length / 30 < minimumPerSecond;
          const expected = quiet ? 0 : Math.min(0.8, Math.max(0, lack) ** (1 / aggression));
          expect(throttle.admits(draw, now)).toBe(draw >= expected);
        }
      }),
    );
  });

  it("successThrottle: half of 99 answers failed -> (99 - 49 / 0.95) / 100; all failed -> never above the maximum", () => {
    const throttle = new SuccessThrottle(ENVOY);
    for (let turn = 0; turn < 99; turn++) throttle.answered(turn % 2 === 1, 0);
    expect(throttle.rejectionRatio()).toBeCloseTo((99 - 49 / 0.95) / 100, 12);
    for (let turn = 0; turn < 9999; turn++) throttle.answered(false, 0);
    expect(throttle.rejectionRatio()).toBe(0.8);
  });

  it("successThrottle: a setting out of bounds -> the fault that says what it must be", () => {
    const constraints = {
      threshold: "a finite number > 0 <= 1",
      aggression: "a finite number >= 1",
      windowMs: "a finite number > 0",
      buckets: "a whole number >= 1 <= 100000",
      minimumPerSecond: "a finite number >= 0",
      maxRejectionRatio: "a finite number >= 0 <= 1",
    };
    expectFaults("successThrottle", ENVOY, constraints, (settings) => new SuccessThrottle(settings));
  });
});
