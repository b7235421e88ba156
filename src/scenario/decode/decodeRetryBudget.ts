import type { RetryBudgetSpec } from "../../policy/retry/RetryBudgetSpec.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { RetryBudget } from "../schema/RetryBudget.ts";
import type { At, Decoding } from "./Decoding.ts";

type BudgetInput = typeof RetryBudget.Type;
type QuotaInput = NonNullable<BudgetInput["quota"]>;

/** Turns a retry budget into numbers. */
export const decodeRetryBudget = (decoding: Decoding, { value, path }: At<BudgetInput>): RetryBudgetSpec => {
  const { retryBudget: absent } = DEFAULTS;
  if (value.active !== undefined) return { kind: "active", ...absent.active, ...value.active };
  if (value.success !== undefined) return { kind: "success", ...absent.success, ...value.success };
  if (value.clientBucket !== undefined) return { kind: "clientBucket", ...absent.clientBucket, ...value.clientBucket };
  if (value.quota !== undefined) return decodeQuota(decoding, { value: value.quota, path: [...path, "quota"] });
  if (value.retryBreaker !== undefined) {
    const at = { value: value.retryBreaker, path: [...path, "retryBreaker"] };
    const ratio = decoding.number(at, "failures", absent.retryBreaker.failures, (written) =>
      decoding.quantity(SHARE, written, { above: 0 }),
    );
    return { kind: "retryBreaker", failureRatio: ratio };
  }
  const at = { value: value.ratio!, path: [...path, "ratio"] };
  return {
    kind: "ratio",
    ratio: at.value.ratio ?? absent.ratio.ratio,
    floorPerSecond: decoding.number(at, "floor", RATE.parse(absent.ratio.floor) as number, (written) => decoding.quantity(RATE, written)),
    ttlMs: decoding.number(at, "ttl", parseDuration(absent.ratio.ttl) as number, (written) =>
      decoding.quantity(DURATION, written, { minimum: 1000, maximum: 60_000 }),
    ),
  };
};

const decodeQuota = (decoding: Decoding, { value, path }: At<QuotaInput>): RetryBudgetSpec => {
  const quota = { kind: "quota", ...DEFAULTS.retryBudget.quota, ...value } as const;
  for (const key of ["cost", "timeoutCost", "refill"] as const) {
    if (quota[key] <= quota.capacity) continue;
    decoding.reject({ path: [...path, key], constraint: `must be at most capacity, ${quota.capacity}`, value: quota[key] });
  }
  return quota;
};
