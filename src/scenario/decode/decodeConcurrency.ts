import type { LimitRange } from "../../policy/concurrency/AdaptiveLimit.ts";
import type { ConcurrencySpec } from "../../serving/gateway/InFlightLimit.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import type { Concurrency } from "../schema/Concurrency.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type Input = typeof Concurrency.Type;
type Fixed = NonNullable<Input["fixed"]>;
type Ranged = { readonly initial?: number; readonly min?: number; readonly max?: number };

/** Turns the bound of what the fleet may hold into numbers. */
export const decodeConcurrency = (decoding: Decoding, { value, path }: At<Input>): ConcurrencySpec => {
  const { aimd, vegas, gradient2, breakwater } = DEFAULTS.concurrency;
  if (value.fixed !== undefined) return decodeFixed(decoding, { value: value.fixed, path: [...path, "fixed"] });
  if (value.aimd !== undefined) {
    const at = { value: value.aimd, path: [...path, "aimd"] };
    const timeoutMs = durationOf(decoding, at, "timeout", aimd.timeout, { above: 0 });
    return { kind: "aimd", ...decodeRange(decoding, at), backoffRatio: at.value.backoff ?? aimd.backoff, timeoutMs };
  }
  if (value.vegas !== undefined) {
    const at = { value: value.vegas, path: [...path, "vegas"] };
    const { backoff = vegas.backoff, alpha = vegas.alpha, beta = Math.max(vegas.beta, alpha), probeEvery = vegas.probeEvery } = at.value;
    if (beta < alpha) {
      decoding.reject({ path: [...at.path, "beta"], constraint: `must be at least alpha, ${alpha}`, value: beta });
    }
    return { kind: "vegas", ...decodeRange(decoding, at), alpha, beta, probeEvery, backoffRatio: backoff };
  }
  if (value.breakwater !== undefined) {
    const at = { value: value.breakwater, path: [...path, "breakwater"] };
    const targetMs = decoding.number(at, "target", NaN, (written) => decoding.quantity(DURATION, written, { above: 0 }));
    const everyMs = durationOf(decoding, at, "every", breakwater.every, { above: 0 });
    const { grow = breakwater.grow, cut = breakwater.cut } = at.value;
    return { kind: "breakwater", ...decodeRange(decoding, at), targetMs, grow, cutRatio: cut, everyMs };
  }
  const at = { value: value.gradient2!, path: [...path, "gradient2"] };
  return { kind: "gradient2", ...present({ ...gradient2, ...at.value }), ...decodeRange(decoding, at) };
};

const decodeFixed = (decoding: Decoding, at: At<Fixed>): ConcurrencySpec => {
  const bounds = { minimum: 1, maximum: 2 ** 30, whole: true };
  const limit = decoding.number(at, "limit", NaN, (written) => decoding.quantity(COUNT, written, bounds));
  const perTenant = decoding.field(at, "perTenant", (written) => decoding.quantity(COUNT, written, bounds));
  return { kind: "fixed", limit, ...(perTenant === undefined ? {} : { perTenant }) };
};

/** Where only some are written, the others follow: the limit starts within its bounds. */
const decodeRange = (decoding: Decoding, { value, path }: At<Ranged>): LimitRange => {
  const { range } = DEFAULTS.concurrency;
  const min = value.min ?? Math.min(range.min, value.max ?? Infinity);
  const max = value.max ?? Math.max(range.max, min);
  const initial = value.initial ?? Math.min(max, Math.max(min, range.initial));
  if (max < min) decoding.reject({ path: [...path, "max"], constraint: `must be at least min, ${min}`, value: max });
  else if (initial < min || initial > max)
    decoding.reject({ path: [...path, "initial"], constraint: `must be between min and max, ${min} and ${max}`, value: initial });
  return { initial, min, max };
};
