import type { ScalePolicy, ScaleRules } from "../../policy/scaling/HorizontalScaler.ts";
import type { AutoscaleSpec, PredictiveSpec } from "../../serving/scaling/AutoscaleSpec.ts";
import type { StartupSpec } from "../../serving/life/StartupSpec.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { SHARE } from "../../units/Share.ts";
import type { Autoscale } from "../schema/Autoscale.ts";
import { DAYS } from "../schema/Autoscale.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import { decodeRate } from "./decodeArrivals.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

export type AutoscaleInput = typeof Autoscale.Type;
type HpaInput = NonNullable<AutoscaleInput["hpa"]>;
type PredictiveInput = NonNullable<AutoscaleInput["predictive"]>;
type EntryInput = NonNullable<AutoscaleInput["scheduled"]>[number];
type RulesInput = NonNullable<HpaInput["scaleUp"]>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_WINDOW_MS = HOUR_MS;
const LONGEST_PERIOD_MS = HOUR_MS / 2;
/** A forecast remembers one season. */
const MOST_SLOTS = 100_000;
const SHORTEST_INTERVAL_MS = 1000;
const { autoscale: absent } = DEFAULTS;

/** Turns a written autoscaler into numbers; `startup` says how long a new replica takes. A schedule starts at hour 0 where no hour is written. */
export const decodeAutoscale = (decoding: Decoding, at: At<AutoscaleInput>, startup: StartupSpec): AutoscaleSpec => {
  const { min: minReplicas = absent.min, max: maxReplicas } = at.value;
  if (minReplicas > maxReplicas) {
    decoding.reject({ path: [...at.path, "min"], constraint: `must be at most max, ${maxReplicas}`, value: minReplicas });
  }
  if ((["hpa", "scheduled", "predictive"] as const).every((key) => !Object.hasOwn(at.value, key))) {
    const hint = "as hpa: { target: { concurrency: 32 } }";
    decoding.reject({ path: at.path, constraint: "must have at least one of hpa, scheduled, predictive", hint, part: "key" });
  }
  const bounds = { minReplicas, maxReplicas };
  const intervalMs = durationOf(decoding, at, "interval", absent.interval, { minimum: SHORTEST_INTERVAL_MS });
  return present({
    ...bounds,
    intervalMs,
    horizontal: decoding.group(at, "hpa", (hpa) => ({ ...bounds, ...decodeHpa(decoding, hpa) })),
    scheduled: decoding.field(at, "scheduled", (entries) => ({
      entries: decoding.list(entries, (entry) => decodeEntry(decoding, entry, bounds)),
      weekOffsetMs: DAYS.indexOf(at.value.startDay ?? DAYS[0]) * DAY_MS + (at.value.startHour ?? 0) * HOUR_MS,
    })),
    predictive: decoding.group(at, "predictive", (predictive) => ({
      ...bounds,
      ...decodePredictive(decoding, predictive, startup.pullMs + startup.loadMs + startup.warmMs + intervalMs),
    })),
  });
};

const ms = (text: string): number => parseDuration(text) as number;

const METRICS = {
  utilization: "utilization",
  concurrency: "concurrency",
  tokenThroughput: "tokensPerSecond",
  queueLength: "queueLength",
} as const;

const decodeHpa = (decoding: Decoding, at: At<HpaInput>) => {
  const target: At<HpaInput["target"]> = { value: at.value.target ?? {}, path: [...at.path, "target"] };
  const keys = (Object.keys(METRICS) as Array<keyof typeof METRICS>).filter((key) => target.value[key] !== undefined);
  if (keys.length === 0) {
    const constraint = `must have at least one of ${Object.keys(METRICS).join(", ")}`;
    decoding.reject({ path: target.path, constraint, hint: "as { concurrency: 32 }", part: "key" });
  }
  const valueOf = (key: keyof typeof METRICS): number =>
    key === "utilization"
      ? (decoding.field(target, key, (written) => decoding.quantity(SHARE, written, { above: 0 })) ?? NaN)
      : target.value[key]!;
  return {
    targets: keys.map((key) => ({ metric: METRICS[key], value: valueOf(key) })),
    tolerance: at.value.tolerance ?? absent.tolerance,
    scaleUp: decoding.group(at, "scaleUp", (rules) => decodeRules(decoding, rules, "scaleUp")) ?? rulesOf("scaleUp"),
    scaleDown: decoding.group(at, "scaleDown", (rules) => decodeRules(decoding, rules, "scaleDown")) ?? rulesOf("scaleDown"),
  };
};

const rulesOf = (direction: "scaleUp" | "scaleDown"): ScaleRules => {
  const { stabilization, policies, select } = absent[direction];
  return { stabilizationMs: ms(stabilization), policies: policies.map(policyOf), select };
};

const policyOf = (written: { readonly replicas?: number; readonly percent?: number; readonly period: string }): ScalePolicy => ({
  ...(written.replicas === undefined ? { kind: "ratio", value: written.percent! / 100 } : { kind: "replicas", value: written.replicas }),
  periodMs: ms(written.period),
});

const decodeRules = (decoding: Decoding, at: At<RulesInput>, direction: "scaleUp" | "scaleDown"): ScaleRules => {
  const rules = rulesOf(direction);
  return {
    stabilizationMs: decoding.number(at, "stabilization", rules.stabilizationMs, (written) =>
      decoding.quantity(DURATION, written, { maximum: LONGEST_WINDOW_MS }),
    ),
    policies:
      decoding.field(at, "policies", (policies) =>
        decoding.list(policies, ({ value, path }): ScalePolicy => {
          const period = { value: value.period, path: [...path, "period"] };
          const periodMs = decoding.quantity(DURATION, period, { above: 0, maximum: LONGEST_PERIOD_MS });
          return { ...policyOf({ ...value, period: "1s" }), periodMs };
        }),
      ) ?? rules.policies,
    select: at.value.select ?? rules.select,
  };
};

const decodeEntry = (decoding: Decoding, at: At<EntryInput>, bounds: { readonly minReplicas: number; readonly maxReplicas: number }) => {
  const { replicas } = at.value;
  const { minReplicas, maxReplicas } = bounds;
  if (replicas < minReplicas || replicas > maxReplicas) {
    const constraint = `must be from min to max, ${minReplicas} to ${maxReplicas}`;
    decoding.reject({ path: [...at.path, "replicas"], constraint, value: replicas });
  }
  const [hours, minutes] = at.value.at.split(":");
  return {
    timeMs: Number(hours) * HOUR_MS + Number(minutes) * 60_000,
    days: (at.value.days ?? DAYS).map((day) => DAYS.indexOf(day)),
    replicas,
  };
};

const decodePredictive = (decoding: Decoding, at: At<PredictiveInput>, readyMs: number) => {
  const { predictive } = DEFAULTS;
  const duration = (key: "slot" | "season"): number => durationOf(decoding, at, key, predictive[key], { above: 0 });
  const slotMs = duration("slot");
  const seasonMs = duration("season");
  if (seasonMs % slotMs !== 0 && seasonMs > 0 && slotMs > 0) {
    const constraint = "must be a whole number of slots";
    decoding.reject({ path: [...at.path, "season"], constraint, value: at.value.season ?? predictive.season, hint: "as 24h of 15m each" });
  }
  if (seasonMs / slotMs > MOST_SLOTS) {
    const constraint = `must be at most ${MOST_SLOTS} slots`;
    const hint = `with a slot of ${DURATION.format(Math.ceil(seasonMs / MOST_SLOTS))} or more`;
    decoding.reject({ path: [...at.path, "season"], constraint, value: at.value.season ?? predictive.season, hint });
  }
  return present({
    slotMs,
    seasonSlots: seasonMs / slotMs,
    leadMs: decoding.number(at, "lead", Math.min(readyMs, seasonMs), (written) =>
      decoding.quantity(DURATION, written, { maximum: seasonMs }),
    ),
    perReplicaPerSecond: decoding.field(at, "perReplica", (written) => decoding.quantity(RATE, written, { above: 0 })) ?? NaN,
    marginRatio: decoding.number(at, "margin", predictive.margin, (written) => decoding.quantity(SHARE, written)),
    alpha: at.value.alpha ?? predictive.alpha,
    beta: at.value.beta ?? predictive.beta,
    gamma: at.value.gamma ?? predictive.gamma,
    history: decoding.field(at, "history", (history) => decodeRate(decoding, history)),
  }) satisfies Omit<PredictiveSpec, "minReplicas" | "maxReplicas">;
};
