import type { ScheduledRank } from "./buildRanks.ts";

/** A waiting attempt weighs as much as this many running ones. Source: vLLM v1/engine/core_client.py, `DPLBAsyncMPClient`. */
const WAITING_WEIGHT = 4;

/** The rank that gets the next attempt; the first of equals. */
export const leastLoaded = (ranks: ReadonlyArray<ScheduledRank>, balance: "requests" | "tokens" = "requests"): number => {
  let best = 0;
  let bestLoad = Infinity;
  for (let i = 0; i < ranks.length; i++) {
    const { rank } = ranks[i]!;
    const load = balance === "tokens" ? rank.tokens : WAITING_WEIGHT * rank.waiting.length + rank.running.size;
    if (load >= bestLoad) continue;
    best = i;
    bestLoad = load;
  }
  return best;
};
