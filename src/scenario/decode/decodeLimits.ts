import type { Budget, BudgetUnit } from "../../policy/limiter/TokenBudgets.ts";
import type { LimiterSpec } from "../../serving/stage/limiterOf.ts";
import type { TokenBudgetSpec } from "../../serving/stage/TokenBudgetSpec.ts";
import type { RateLimitSpec } from "../../serving/ServingSpec.ts";
import type { ShapeSpec } from "../../serving/stage/ShapeSpec.ts";
import type { StoreSpec } from "../../serving/store/StoreSpec.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Limit, StoreSchema } from "../schema/Limits.ts";
import { MOST_UNITS } from "./Countable.ts";
import { decodeDistribution, DURATIONS } from "./decodeDistribution.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";

type LimitInput = typeof Limit.Type;
type BudgetsInput = Extract<LimitInput, { readonly tokenBudgets: unknown }>;
type ShapeInput = Extract<LimitInput, { readonly leakyQueue: unknown }>;
type RateInput = Exclude<LimitInput, BudgetsInput | ShapeInput>;
type RefillInput = Extract<LimitInput, { readonly gcra: unknown }>["gcra"];
type WindowInput = Extract<LimitInput, { readonly slidingLog: unknown }>["slidingLog"];
type LeakyInput = Extract<LimitInput, { readonly leakyMeter: unknown }>["leakyMeter"];

/** Units of time in which a rate may be a whole number of permits, in ms: second, minute, hour, day. */
const PERIODS_MS = [1000, 60_000, 3_600_000, 86_400_000];
/** A rate that is no whole number in any of them is taken as so many permits in whatever time that is. */
const MANY_PERMITS = 1000;
/** Reservations that are out at once, per budget: a bound of memory, not of behavior. */
const MOST_RESERVATIONS = 2 ** 17;

/** Rate limits and token budgets of the gateway, each present if there is one. */
export interface DecodedLimits {
  readonly limits?: ReadonlyArray<RateLimitSpec>;
  readonly tokenBudgets?: ReadonlyArray<TokenBudgetSpec>;
  readonly shapes?: ReadonlyArray<ShapeSpec>;
}

/** Turns rate limits into numbers. */
export const decodeLimits = (decoding: Decoding, at: At<ReadonlyArray<LimitInput>>): DecodedLimits => {
  const limits: Array<RateLimitSpec> = [];
  const tokenBudgets: Array<TokenBudgetSpec> = [];
  const shapes: Array<ShapeSpec> = [];
  decoding.list(at, ({ value, path }) => {
    if ("tokenBudgets" in value) tokenBudgets.push(decodeBudgets(decoding, { value, path }));
    else if ("leakyQueue" in value) shapes.push(decodeShape(decoding, { value, path }));
    else limits.push(decodeLimit(decoding, { value, path }));
  });
  return {
    ...(limits.length > 0 ? { limits } : {}),
    ...(tokenBudgets.length > 0 ? { tokenBudgets } : {}),
    ...(shapes.length > 0 ? { shapes } : {}),
  };
};

const decodeShape = (decoding: Decoding, { value, path: outer }: At<ShapeInput>): ShapeSpec => {
  const at = { value: value.leakyQueue, path: [...outer, "leakyQueue"] };
  const perSecond = decoding.quantity(RATE, { value: at.value.rate, path: [...at.path, "rate"] }, { above: 0 });
  const refill = refillOf(perSecond);
  checkCountable(decoding, { ...refill, burst: 1 }, { value: at.value.rate, path: [...at.path, "rate"] });
  const length = { value: at.value.length, path: [...at.path, "length"] };
  return {
    ...refill,
    length: decoding.quantity(COUNT, length, { minimum: 1, maximum: 2 ** 24, whole: true }),
    per: value.per ?? DEFAULTS.limit.per,
  };
};

const decodeLimit = (decoding: Decoding, { value, path }: At<RateInput>): RateLimitSpec => ({
  limiter: decodeLimiter(decoding, { value, path }),
  per: value.per ?? DEFAULTS.limit.per,
  cost: value.cost ?? DEFAULTS.limit.cost,
});

const decodeLimiter = (decoding: Decoding, { value, path }: At<RateInput>): LimiterSpec => {
  const member = <V>(kind: string, written: V): At<V> => ({ value: written, path: [...path, kind] });
  if ("tokenBucket" in value) return { kind: "tokenBucket", ...decodeRefill(decoding, member("tokenBucket", value.tokenBucket)) };
  if ("gcra" in value) return { kind: "gcra", ...decodeRefill(decoding, member("gcra", value.gcra)) };
  if ("fixedWindow" in value) {
    const at = member("fixedWindow", value.fixedWindow);
    return { kind: "fixedWindow", ...decodeWindow(decoding, at), anchored: at.value.anchored ?? false };
  }
  if ("slidingCounter" in value)
    return { kind: "slidingCounter", ...decodeWindow(decoding, member("slidingCounter", value.slidingCounter)) };
  if ("slidingLog" in value) return { kind: "slidingLog", ...decodeWindow(decoding, member("slidingLog", value.slidingLog)) };
  return { kind: "leakyMeter", ...decodeLeaky(decoding, member("leakyMeter", value.leakyMeter)) };
};

const decodeRefill = (decoding: Decoding, { value, path }: At<RefillInput>) => {
  const perSecond = decoding.quantity(RATE, { value: value.rate, path: [...path, "rate"] }, { above: 0 });
  const burst = decoding.quantity(COUNT, { value: value.burst, path: [...path, "burst"] }, { minimum: 1, maximum: 1e9, whole: true });
  const settings = { ...refillOf(perSecond), burst };
  checkCountable(decoding, settings, { value: value.burst, path: [...path, "burst"] });
  return settings;
};

const decodeWindow = (decoding: Decoding, { value, path }: At<WindowInput>) => {
  const windowMs = decoding.quantity(DURATION, { value: value.window, path: [...path, "window"] }, { minimum: 1 });
  const maximum = Math.min(1e12, Math.floor(MOST_UNITS / (windowMs * 1000)));
  const bounds = { minimum: 1, whole: true, ...(maximum >= 1 ? { maximum } : {}) };
  return { limit: decoding.quantity(COUNT, { value: value.limit, path: [...path, "limit"] }, bounds), windowMs };
};

const decodeLeaky = (decoding: Decoding, { value, path }: At<LeakyInput>) => ({
  permitsPerSecond: decoding.quantity(RATE, { value: value.rate, path: [...path, "rate"] }, { minimum: 0.001, maximum: 1e6 }),
  burst: decoding.number({ value, path }, "burst", 0, (written) =>
    decoding.quantity(COUNT, written, { minimum: 0, maximum: 1e9, whole: true }),
  ),
});

const UNITS: ReadonlyArray<BudgetUnit> = ["requests", "tokens", "inputTokens", "outputTokens"];

const decodeBudgets = (decoding: Decoding, { value, path: outer }: At<BudgetsInput>): TokenBudgetSpec => {
  const { tokenBudgets: absent } = DEFAULTS;
  const at = { value: value.tokenBudgets, path: [...outer, "tokenBudgets"] };
  const time = (key: "window" | "lease") => durationOf(decoding, at, key, absent[key], { minimum: 1 });
  const windowMs = time("window");
  const decodeOne = (at.value.refill ?? absent.refill) === "window" ? decodeWindowBudget : decodeBudget;
  const budgets = UNITS.flatMap((unit) => decoding.field(at, unit, (written) => [decodeOne(decoding, written, unit, windowMs)]) ?? []);
  if (UNITS.every((unit) => at.value[unit] === undefined)) {
    const hint = `at least one of: ${UNITS.join(", ")}; as tokens: "300k/m"`;
    decoding.reject({ path: at.path, constraint: "must have a budget", value: at.value, hint });
  }
  return {
    budgets,
    outputCapTokens: decoding.number(at, "answer", absent.answer, (written) =>
      decoding.quantity(TOKENS, written, { maximum: 1e9, whole: true }),
    ),
    cachedInputCounts: at.value.cachedInput ?? absent.cachedInput,
    leaseMs: time("lease"),
    maxReservations: MOST_RESERVATIONS,
    per: value.per ?? DEFAULTS.limit.per,
  };
};

const decodeBudget = (decoding: Decoding, written: At<string>, unit: BudgetUnit, windowMs: number): Budget => {
  const perSecond = decoding.quantity(RATE, written, { above: 0 });
  const settings = { ...refillOf(perSecond), burst: Math.max(1, Math.round((perSecond * windowMs) / 1000)) };
  checkCountable(decoding, settings, written);
  return { unit, ...settings };
};

const decodeWindowBudget = (decoding: Decoding, written: At<string>, unit: BudgetUnit, windowMs: number): Budget => {
  const perSecond = decoding.quantity(RATE, written, { above: 0 });
  const limit = Math.max(1, Math.round((perSecond * windowMs) / 1000));
  const most = Math.floor(MOST_UNITS / (windowMs * 1000));
  if (limit > most) {
    const constraint = `must be countable exactly: at most ${most} permits in a window of this length`;
    decoding.reject({ path: written.path, constraint, value: written.value });
  }
  return { unit, limit, windowMs };
};

/** Whole permits in a period: limiters count exactly. */
const refillOf = (perSecond: number): { readonly permits: number; readonly perMs: number } => {
  for (const perMs of PERIODS_MS) {
    const permits = (perSecond * perMs) / 1000;
    if (Math.abs(permits - Math.round(permits)) < 1e-9 * permits) return { permits: Math.round(permits), perMs };
  }
  return { permits: MANY_PERMITS, perMs: (1000 * MANY_PERMITS) / perSecond };
};

interface Refilled {
  readonly permits: number;
  readonly perMs: number;
  readonly burst: number;
}

/** A full bucket in the units that make the refill exact must fit into a double. */
const checkCountable = (decoding: Decoding, { permits, perMs, burst }: Refilled, at: At<string | number>): void => {
  if (Number.isNaN(perMs * burst)) return;
  const perUs = Math.round(perMs * 1000);
  const largest = (MOST_UNITS * divisorOf(permits, perUs)) / perUs;
  if (!(burst > largest)) return;
  const hint = "a rate that is a round number per second or per minute can be counted further";
  const constraint = `must be countable exactly: at most ${Math.floor(largest)} permits at this rate`;
  decoding.reject({ path: at.path, constraint, value: at.value, hint });
};

const divisorOf = (x: number, y: number): number => (y === 0 ? x : divisorOf(y, x % y));

/** Turns the store of the limits into numbers. */
export const decodeStore = (decoding: Decoding, at: At<typeof StoreSchema.Type>): StoreSpec => ({
  latency: decoding.field(at, "latency", (latency) => decodeDistribution(decoding, latency, DURATIONS)) ?? {
    kind: "fixed",
    value: parseDuration(DEFAULTS.store.latency) as number,
  },
  timeoutMs: durationOf(decoding, at, "timeout", DEFAULTS.store.timeout, { above: 0 }),
  onFailure: at.value.onFailure ?? DEFAULTS.store.onFailure,
});
