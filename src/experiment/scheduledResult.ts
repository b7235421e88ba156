import type { PoolResult } from "../metric/Result.ts";
import type { ReplicaMeter } from "../serving/engine/ReplicaMeter.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";

/** What only some schedulers do: swaps, drafts, hits of the host tier; each present where the pool has the feature. */
export const scheduledResult = (
  { engine: { scheduling } }: PoolSpec,
  total: (of: (meter: ReplicaMeter) => number) => number,
): Pick<PoolResult, "swaps" | "speculative" | "hostTier"> => {
  const draftedTokens = total((meter) => meter.draftedTokens);
  const acceptedTokens = total((meter) => meter.acceptedTokens);
  const hitTokens = total((meter) => meter.hostHitTokens);
  const queryTokens = total((meter) => meter.queryTokens);
  return {
    ...(scheduling?.swap && { swaps: total((meter) => meter.swaps) }),
    ...(scheduling?.speculative && {
      speculative: { draftedTokens, acceptedTokens, acceptedRatio: draftedTokens > 0 ? acceptedTokens / draftedTokens : null },
    }),
    ...(scheduling?.offload && { hostTier: { hitTokens, hitRatio: queryTokens > 0 ? hitTokens / queryTokens : null } }),
  };
};
