import type { RetryBudgetSpec } from "../../policy/retry/RetryBudgetSpec.ts";
import { RATE } from "../../units/Rate.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { RetryBudget } from "../schema/RetryBudget.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";

type BudgetInput = typeof RetryBudget.Type;

/** Turns a retry budget into numbers. */
export const decodeRetryBudget = (decoding: Decoding, { value, path }: At<BudgetInput>): RetryBudgetSpec => {
  const { retryBudget: absent } = DEFAULTS;
  if (value.active !== undefined) return { kind: "active", ...absent.active, ...value.active };
  if (value.throttle !== undefined) return { kind: "throttle", ...absent.throttle, ...value.throttle };
  if (value.quota !== undefined) return { kind: "quota", ...absent.quota, ...value.quota };
  if (value.bucket !== undefined) return { kind: "bucket", ...absent.bucket, ...value.bucket };
  if (value.failureBreaker !== undefined) {
    const at = { value: value.failureBreaker, path: [...path, "failureBreaker"] };
    const ratio = decoding.number(at, "failures", absent.failureBreaker.failures, (written) => decoding.quantity(SHARE, written));
    return { kind: "failureBreaker", failureRatio: ratio };
  }
  const at = { value: value.ratio!, path: [...path, "ratio"] };
  return {
    kind: "ratio",
    ratio: at.value.ratio ?? absent.ratio.ratio,
    minPerSecond: decoding.number(at, "minRate", RATE.parse(absent.ratio.minRate) as number, (written) => decoding.quantity(RATE, written)),
    ttlMs: durationOf(decoding, at, "ttl", absent.ratio.ttl, { above: 0 }),
  };
};
