import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HorizontalScalerSettings, ScaleObservation, ScaleRules } from "../../../src/policy/scaling/index.ts";
import { HorizontalScaler, KUBERNETES_RULES, LargestOf, ReplicaTarget, ScheduledScaler } from "../../../src/policy/scaling/index.ts";

/** Samples per replica: NaN says nothing, "starting" is not ready. */
const seenOf = (samples: ReadonlyArray<number | "starting">, more: Partial<ScaleObservation> = {}): ScaleObservation => ({
  replicas: samples.length,
  count: samples.length,
  ready: Uint8Array.from(samples, (sample) => Number(sample !== "starting")),
  utilization: Float64Array.from(samples, Number),
  concurrency: new Float64Array(samples.length).fill(Number.NaN),
  tokensPerSecond: new Float64Array(samples.length).fill(Number.NaN),
  queueLength: Number.NaN,
  offeredPerSecond: Number.NaN,
  ...more,
});
const level = (replicas: number, value: number) => seenOf(Array.from({ length: replicas }, () => value));
const wanted = (samples: ReadonlyArray<number | "starting">, target = 100) =>
  new ReplicaTarget({ metric: "utilization", value: target }, 0.1).wanted(seenOf(samples));
const SETTINGS: HorizontalScalerSettings = {
  ...KUBERNETES_RULES,
  minReplicas: 1,
  maxReplicas: 100,
  targets: [{ metric: "utilization", value: 100 }],
};
const FREE: ScaleRules = { stabilizationMs: 0, policies: [{ kind: "ratio", value: 1000, periodMs: 1000 }], select: "max" };

describe("target", () => {
  it("target: the documentation's cases -> 200 of 100 doubles, 50 of 100 halves", () => {
    expect([wanted([200]), wanted([50, 50]), wanted([200, 200, 200])]).toEqual([2, 1, 6]);
  });

  it("target: ratio 1.1 and 0.9 and just beyond -> nothing within the tolerance of 0.1", () => {
    const of = (value: number) =>
      wanted(
        Array.from({ length: 10 }, () => value),
        1000,
      );
    expect([1099, 1100, 1101].map(of)).toEqual([10, 10, 12]);
    expect([901, 900, 899].map(of)).toEqual([10, 10, 9]);
  });

  it("target: silent replicas -> as 0 when the others ask for more, as the target when for fewer; a turn changes nothing", () => {
    expect(wanted([300, 300, Number.NaN])).toBe(6);
    expect(wanted([50, 50, Number.NaN, Number.NaN])).toBe(3);
    expect(wanted([120, Number.NaN, Number.NaN])).toBe(3);
    expect(wanted([Number.NaN, "starting"])).toBeNaN();
  });

  it("target: starting replicas -> as 0 when the others ask for more, else left out", () => {
    expect(wanted([300, 300, "starting", "starting"])).toBe(6);
    expect(wanted([150, "starting"])).toBe(2);
    expect(wanted([50, 50, "starting"])).toBe(1);
  });

  it("target: a total -> ceil(total / target), 0 is a number, unknown is NaN", () => {
    const queue = (queueLength: number) =>
      new ReplicaTarget({ metric: "queueLength", value: 10 }, 0.1).wanted(seenOf([0, 0, 0], { queueLength }));
    expect([27, 33, 34, 61, 0].map(queue)).toEqual([3, 3, 4, 7, 0]);
    expect(queue(Number.NaN)).toBeNaN();
  });
});

/** Lists of everything that ever happened, as the controller's source handles them. */
class Naive {
  readonly settings: HorizontalScalerSettings;
  readonly recommended: Array<[number, number]> = [];
  readonly changes: Array<[number, number]> = [];

  constructor(settings: HorizontalScalerSettings) {
    this.settings = settings;
  }

  decide(current: number, want: number, now: number): number {
    if (this.recommended.length === 0 && this.changes.length === 0) this.recommended.push([now, current]);
    const next = this.next(current, want, now);
    if (next !== current) this.changes.push([now, next - current]);
    return next;
  }

  next(current: number, want: number, now: number): number {
    const { scaleUp, scaleDown, minReplicas, maxReplicas } = this.settings;
    if (current > maxReplicas) return maxReplicas;
    if (current < minReplicas) return minReplicas;
    const recent = (ms: number) => this.recommended.filter(([at]) => at > now - ms).map(([, value]) => value);
    const up = Math.min(want, ...recent(scaleUp.stabilizationMs));
    const down = Math.max(want, ...recent(scaleDown.stabilizationMs));
    this.recommended.push([now, want]);
    let stable = current;
    if (stable < up) stable = up;
    if (stable > down) stable = down;
    const bounds = (rules: ScaleRules, sign: number) =>
      rules.policies.map(({ kind, value, periodMs }) => {
        const start = current - this.changes.filter(([at]) => at > now - periodMs).reduce((sum, [, change]) => sum + change, 0);
        if (kind === "replicas") return start + sign * value;
        return sign > 0 ? Math.ceil(start * (1 + value)) : Math.trunc(start * (1 - value));
      });
    if (stable > current) {
      const limits = bounds(scaleUp, 1);
      const limit = scaleUp.select === "disabled" ? current : scaleUp.select === "max" ? Math.max(...limits) : Math.min(...limits);
      return Math.min(stable, maxReplicas, Math.max(limit, current));
    }
    if (stable < current) {
      const limits = bounds(scaleDown, -1);
      const limit = scaleDown.select === "disabled" ? current : scaleDown.select === "max" ? Math.min(...limits) : Math.max(...limits);
      return Math.max(stable, minReplicas, Math.min(limit, current));
    }
    return current;
  }
}

describe("horizontal", () => {
  it("horizontal: any rules and loads -> the decisions of a controller that keeps everything; always within min and max", () => {
    const policy = fc.oneof(
      fc.record({
        kind: fc.constant("replicas" as const),
        value: fc.integer({ min: 1, max: 5 }),
        periodMs: fc.constantFrom(15_000, 60_000),
      }),
      fc.record({ kind: fc.constant("ratio" as const), value: fc.constantFrom(0.1, 0.5, 1), periodMs: fc.constantFrom(15_000, 60_000) }),
    );
    const rules = fc.record({
      stabilizationMs: fc.constantFrom(0, 30_000, 300_000),
      policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
      select: fc.constantFrom("max" as const, "min" as const, "disabled" as const),
    });
    const step = fc.record({
      gapMs: fc.constantFrom(0, 1, 14_999, 15_000, 15_001, 60_000, 300_000),
      load: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(rules, rules, fc.array(step, { maxLength: 60 }), (scaleUp, scaleDown, history) => {
        const settings = { ...SETTINGS, scaleUp, scaleDown, minReplicas: 2, maxReplicas: 25 };
        const scaler = new HorizontalScaler(settings);
        const naive = new Naive(settings);
        let [replicas, now] = [5, 0];
        for (const { gapMs, load } of history) {
          now += gapMs;
          const seen = level(replicas, load / replicas);
          const want = new ReplicaTarget({ metric: "utilization", value: 100 }, 0.1).wanted(seen);
          const next = scaler.decide(seen, now);
          expect(next).toBe(naive.decide(replicas, want, now));
          expect(next >= 2 && next <= 25).toBe(true);
          replicas = next;
        }
      }),
    );
  });

  it("horizontal: default rules, load far above -> the larger of 4 more and double each 15 s", () => {
    const scaler = new HorizontalScaler(SETTINGS);
    let replicas = 1;
    const path = [0, 14_999, 15_000, 30_000, 45_000].map((now) => (replicas = scaler.decide(level(replicas, 10_000), now)));
    expect(path).toEqual([5, 5, 10, 20, 40]);
  });

  it("horizontal: load falls for a moment -> held for five minutes after the last high value, then straight down", () => {
    const scaler = new HorizontalScaler(SETTINGS);
    expect(scaler.decide(level(10, 100), 0)).toBe(10);
    expect([15_000, 299_999].map((now) => scaler.decide(level(10, 20), now))).toEqual([10, 10]);
    expect(scaler.decide(level(10, 20), 300_000)).toBe(2);
  });

  it("horizontal: the documentation's 10 % per minute -> from 80: 72, 64, 57; with 4 pods and the larger change: 8 then 7 then 6", () => {
    const path = (policies: ScaleRules["policies"]) => {
      const scaler = new HorizontalScaler({ ...SETTINGS, scaleDown: { stabilizationMs: 0, select: "max", policies } });
      let replicas = 80;
      return [0, 60_000, 120_000].map((now) => (replicas = scaler.decide(level(replicas, 1), now)));
    };
    expect(path([{ kind: "ratio", value: 0.1, periodMs: 60_000 }])).toEqual([72, 64, 57]);
    expect(path([{ kind: "replicas", value: 4, periodMs: 60_000 }])).toEqual([76, 72, 68]);
  });

  it("horizontal: several targets -> the largest; one is blind -> up, never down; all are blind or no replica -> as it is", () => {
    const targets = [
      { metric: "utilization", value: 100 },
      { metric: "queueLength", value: 10 },
    ] as const;
    const decide = (seen: ScaleObservation) =>
      new HorizontalScaler({ ...SETTINGS, targets, scaleUp: FREE, scaleDown: FREE }).decide(seen, 0);
    expect(decide({ ...level(4, 100), queueLength: 90 })).toBe(9);
    expect(decide({ ...level(4, 200), queueLength: 0 })).toBe(8);
    expect([decide(level(4, 200)), decide(level(4, 20)), decide(level(4, Number.NaN))]).toEqual([8, 4, 4]);
    expect(decide(seenOf([]))).toBe(0);
  });

  it("horizontal: bad settings -> a fault that names them", () => {
    expect(() => new HorizontalScaler({ ...SETTINGS, maxReplicas: 0 })).toThrow("autoscaler.maxReplicas: must be a whole number >= 1");
    expect(() => new HorizontalScaler({ ...SETTINGS, targets: [] })).toThrow("autoscaler.targets");
    expect(() => new HorizontalScaler({ ...SETTINGS, scaleUp: { ...FREE, policies: [] } })).toThrow("autoscaler.scaleUp.policies");
    expect(() => new HorizontalScaler({ ...SETTINGS, scaleDown: { ...FREE, stabilizationMs: 3_600_001 } })).toThrow(
      "autoscaler.scaleDown.stabilizationMs",
    );
  });
});

it("scheduled, largestOf: an entry at 8:00 on weekdays and one at 20:00 -> changes to the millisecond; Friday's night holds over the weekend", () => {
  const hour = 3_600_000;
  const weekdays = [0, 1, 2, 3, 4];
  const schedule = new ScheduledScaler({
    entries: [
      { timeMs: 20 * hour, days: weekdays, replicas: 2 },
      { timeMs: 8 * hour, days: weekdays, replicas: 10 },
    ],
    weekOffsetMs: 0,
  });
  const at = (days: number, ms: number) => schedule.decide(level(1, 1), days * 24 * hour + ms);
  expect([at(0, 8 * hour - 1), at(0, 8 * hour), at(0, 20 * hour - 1), at(0, 20 * hour)]).toEqual([2, 10, 10, 2]);
  expect([at(6, 12 * hour), at(7, 7 * hour), at(7, 8 * hour)]).toEqual([2, 2, 10]);
  const both = new LargestOf([schedule, new HorizontalScaler(SETTINGS)]);
  expect(both.decide(level(12, 100), 9 * hour)).toBe(12);
  expect(() => new ScheduledScaler({ entries: [], weekOffsetMs: 0 })).toThrow("schedule.entries");
});
