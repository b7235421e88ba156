import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HorizontalScalerSettings, ScaleObservation, ScaleRules } from "../../../src/policy/scaling/index.ts";
import { HorizontalScaler, KUBERNETES_RULES, LargestOf, ReplicaTarget, ScheduledScaler } from "../../../src/policy/scaling/index.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

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

  // Source: Kubernetes 1.34, replica_calculator.go, calcPlainMetricReplicas: samples are put together before anything is divided.
  it("target: any samples -> the replicas that the controller's own order of steps gives", () => {
    const sample = fc.constantFrom<number | "starting">(0, 50, 90, 100, 100, 110, 150, 200, Number.NaN, "starting");
    const near = (ratio: number, tolerance: number) => ratio >= 1 - tolerance && ratio <= 1 + tolerance;
    const ratioOf = (samples: ReadonlyArray<number>) => samples.reduce((sum, one) => sum + one, 0) / (samples.length * 100);
    const naive = (samples: ReadonlyArray<number | "starting">, current: number, tolerance: number) => {
      const starting = samples.filter((one) => one === "starting");
      const silent = samples.filter((one) => Number.isNaN(one));
      const metrics = samples.filter((one): one is number => typeof one === "number" && !Number.isNaN(one));
      if (metrics.length === 0) return Number.NaN;
      const ratio = ratioOf(metrics);
      const upWithStarting = starting.length > 0 && ratio > 1;
      if (!upWithStarting && silent.length === 0) return near(ratio, tolerance) ? current : Math.ceil(ratio * metrics.length);
      const filled = [...metrics, ...silent.map(() => (ratio < 1 ? 100 : 0)), ...(upWithStarting ? starting.map(() => 0) : [])];
      const careful = ratioOf(filled);
      if (near(careful, tolerance) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return current;
      const next = Math.ceil(careful * filled.length);
      return (careful < 1 && next > current) || (careful > 1 && next < current) ? current : next;
    };
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom(0, 0.1, 0.5),
        (samples, replicas, tolerance) => {
          const target = new ReplicaTarget({ metric: "utilization", value: 100 }, tolerance);
          expect(target.wanted(seenOf(samples, { replicas }))).toBe(naive(samples, replicas, tolerance));
        },
      ),
    );
  });

  it("target: concurrency and tokens per second -> their own columns", () => {
    const seen = seenOf([0, 0], { concurrency: Float64Array.of(300, 300), tokensPerSecond: Float64Array.of(400, 400) });
    const of = (metric: "concurrency" | "tokensPerSecond") => new ReplicaTarget({ metric, value: 100 }, 0.1).wanted(seen);
    expect([of("concurrency"), of("tokensPerSecond")]).toEqual([6, 8]);
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
      fc.property(
        rules,
        rules,
        fc.integer({ min: 1, max: 28 }),
        fc.array(step, { maxLength: 60 }),
        (scaleUp, scaleDown, begin, history) => {
          const settings = { ...SETTINGS, scaleUp, scaleDown, minReplicas: 2, maxReplicas: 25 };
          const scaler = new HorizontalScaler(settings);
          const naive = new Naive(settings);
          let [replicas, now] = [begin, 0];
          for (const { gapMs, load } of history) {
            now += gapMs;
            const seen = level(replicas, load / replicas);
            const want = new ReplicaTarget({ metric: "utilization", value: 100 }, 0.1).wanted(seen);
            const next = scaler.decide(seen, now);
            expect(next).toBe(naive.decide(replicas, want, now));
            expect(next >= 2 && next <= 25).toBe(true);
            replicas = next;
          }
        },
      ),
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

  it("horizontal: a blind target while the others want what there is -> that counts as wanted, and holds for five minutes", () => {
    const targets = [
      { metric: "utilization", value: 100 },
      { metric: "queueLength", value: 10 },
    ] as const;
    const scaler = new HorizontalScaler({ ...SETTINGS, targets });
    const fewer = { ...level(10, 20), queueLength: 0 };
    scaler.decide(level(10, 100), 0);
    scaler.decide(level(10, 100), 200_000);
    expect([scaler.decide(fewer, 300_000), scaler.decide(fewer, 499_999), scaler.decide(fewer, 500_000)]).toEqual([10, 10, 2]);
  });

  it("horizontal: more or fewer than the bounds allow -> to the bound at once", () => {
    const decide = (replicas: number) =>
      new HorizontalScaler({ ...SETTINGS, minReplicas: 3, maxReplicas: 20 }).decide(level(replicas, Number.NaN), 0);
    expect([2, 3, 20, 21].map(decide)).toEqual([3, 3, 20, 20]);
  });

  // Source: "Horizontal Pod Autoscaling", kubernetes.io, default behavior.
  it("horizontal: Kubernetes' rules -> the documented ones", () => {
    expect(KUBERNETES_RULES).toEqual({
      tolerance: 0.1,
      scaleUp: {
        stabilizationMs: 0,
        policies: [
          { kind: "replicas", value: 4, periodMs: 15_000 },
          { kind: "ratio", value: 1, periodMs: 15_000 },
        ],
        select: "max",
      },
      scaleDown: { stabilizationMs: 300_000, policies: [{ kind: "ratio", value: 1, periodMs: 15_000 }], select: "max" },
    });
  });

  it("horizontal: its name; a setting out of bounds -> the fault that says what it must be", () => {
    const build = (settings: HorizontalScalerSettings) => new HorizontalScaler(settings);
    expect(build(SETTINGS).name).toBe("horizontal");
    const replicas = { minReplicas: "a whole number >= 1", maxReplicas: "a whole number >= 1 <= 1073741824" };
    expectFaults("autoscaler", SETTINGS, { ...replicas, tolerance: "a finite number >= 0 <= 1" }, build);
    expect(faultOf(() => build({ ...SETTINGS, targets: [{ metric: "utilization", value: 0 }] }))).toEqual(
      new SettingFault("autoscaler.targets.utilization", "a finite number > 0", 0),
    );
    expect(faultOf(() => build({ ...SETTINGS, targets: [] }))).toEqual(
      new SettingFault("autoscaler.targets", "at least one target", "none"),
    );
    for (const way of ["scaleUp", "scaleDown"] as const) {
      const rules = (change: Partial<ScaleRules>) => faultOf(() => build({ ...SETTINGS, [way]: { ...FREE, ...change } }));
      const policy = (change: object) => rules({ policies: [...FREE.policies, { kind: "ratio", value: 0.5, periodMs: 1, ...change }] });
      const fault = (setting: string, constraint: string, value: unknown) =>
        new SettingFault(`autoscaler.${way}.${setting}`, constraint, value);
      expect(rules({ policies: [] })).toEqual(fault("policies", "at least one policy", "none"));
      expect(rules({ stabilizationMs: 3_600_001 })).toEqual(fault("stabilizationMs", "a finite number >= 0 <= 3600000", 3_600_001));
      expect(policy({})).toBeUndefined();
      expect(policy({ value: 0 })).toEqual(fault("policies[1].value", "a finite number > 0", 0));
      expect(policy({ kind: "replicas" })).toEqual(fault("policies[1].value", "a whole number > 0", 0.5));
      expect(policy({ periodMs: 0 })).toEqual(fault("policies[1].periodMs", "a finite number > 0 <= 1800000", 0));
    }
  });
});

it("scheduled: any entries and time -> the latest entry at or before it, last week's included", () => {
  const hour = 3_600_000;
  const entry = fc.record({
    timeMs: fc.integer({ min: 0, max: 23 }).map((at) => at * hour),
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    replicas: fc.nat(9),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: ({ timeMs }) => timeMs }),
      fc.integer({ min: 0, max: 168 }),
      fc.integer({ min: 0, max: 400 }),
      fc.constantFrom(-1, 0, 1),
      (entries, offset, hours, edge) => {
        const nowMs = Math.max(0, hours * hour + edge);
        const at = nowMs + offset * hour;
        const turns = [-1, 0, 1, 2, 3].flatMap((week) =>
          entries.flatMap(({ days, timeMs, replicas }) => days.map((day) => ({ atMs: (week * 7 + day) * 24 * hour + timeMs, replicas }))),
        );
        const latest = turns.filter(({ atMs }) => atMs <= at).reduce((one, other) => (other.atMs > one.atMs ? other : one));
        expect(new ScheduledScaler({ entries, weekOffsetMs: offset * hour }).decide(level(1, 1), nowMs)).toBe(latest.replicas);
      },
    ),
  );
});

it("scheduled: its name; a setting out of bounds -> the fault that says what it must be", () => {
  const entry = { timeMs: 0, days: [0, 6], replicas: 1 };
  const build = (change: object) => new ScheduledScaler({ entries: [entry, { ...entry, ...change }], weekOffsetMs: 0 });
  expect(build({}).name).toBe("scheduled");
  const fault = (setting: string, constraint: string, value: unknown) => new SettingFault(`schedule.${setting}`, constraint, value);
  expectFaults(
    "schedule",
    { entries: [entry], weekOffsetMs: 0 },
    { weekOffsetMs: "a finite number >= 0 <= 604800000" },
    (settings) => new ScheduledScaler(settings),
  );
  expect(faultOf(() => build({ timeMs: 86_400_000 }))).toEqual(fault("entries[1].timeMs", "a finite number >= 0 <= 86399999", 86_400_000));
  expect(faultOf(() => build({ replicas: 1.5 }))).toEqual(fault("entries[1].replicas", "a whole number >= 0", 1.5));
  expect(faultOf(() => build({ days: [1, 7] }))).toEqual(fault("entries[1].days", "a whole number >= 0 <= 6", 7));
  expect(faultOf(() => new ScheduledScaler({ entries: [{ ...entry, days: [] }], weekOffsetMs: 0 }))).toEqual(
    fault("entries", "at least one entry with a day", "none"),
  );
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
  expect([both.name, both.decide(level(12, 100), 9 * hour), both.decide(level(3, 100), 9 * hour)]).toEqual(["largestOf", 12, 10]);
});
