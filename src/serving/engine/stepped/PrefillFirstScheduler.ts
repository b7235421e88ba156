import { AttemptState } from "../../Attempts.ts";
import type { Batch } from "./Batch.ts";
import type { Rank } from "./Rank.ts";
import { Admission } from "./Rank.ts";
import type { Scheduler } from "./Scheduler.ts";
import { Growth, growRunning } from "./Scheduler.ts";
import { Hold, Origin } from "./SteppedColumns.ts";

/**
 * As many whole prompts as the budget holds in a step of their own, else a decode step of all; a prompt makes everybody's next token wait.
 * Sequences whose KV comes from elsewhere (swapped, transferred) join a decode step, and go before new prompts.
 *
 * Source of the semantics: vllm-project/vllm core/scheduler.py (Apache-2.0), v0.6, `_schedule_default`.
 */
export class PrefillFirstScheduler implements Scheduler {
  readonly streams = true;
  declare private readonly rank: Rank;
  private readonly growth = new Growth();

  constructor(rank: Rank) {
    this.rank = rank;
  }

  plan(batch: Batch): void {
    const { rank, growth } = this;
    const budget = admitPrompts(rank, batch, continueLoaded(rank, batch));
    if (batch.size > 0) return;
    growRunning(rank, batch, growth);
    if (growth.strained) rank.blockedHead = -1;
    else admitLoaded(rank, batch, Math.min(budget, growth.budget));
  }
}

/** Prompts of which a part was loaded from the host tier are computed further, as new ones are. The budget that is left. */
export const continueLoaded = (rank: Rank, batch: Batch): number => {
  const { running, attempts, columns, memory } = rank;
  let budget = rank.settings.maxBatchedTokens;
  for (let i = 0; i < running.size; i++) {
    const slot = running.at[i]!;
    if (columns.hold.at[slot] !== Hold.None || attempts.state.at[slot] !== AttemptState.Prefilling) continue;
    const left = attempts.total.at[slot]! - attempts.computed.at[slot]!;
    if (left > budget || !memory.growPrompt(slot, attempts.total.at[slot]!)) continue;
    batch.add(slot, left);
    budget -= left;
  }
  return budget;
};

/** Admits whole prompts while they fit. The budget that is left. */
export const admitPrompts = (rank: Rank, batch: Batch, left: number): number => {
  const { waiting, running, columns, settings } = rank;
  let budget = left;
  while (waiting.length > 0 && budget > 0 && running.size < settings.maxSequences) {
    const head = waiting.first;
    if (columns.origin.at[head] !== Origin.Nowhere || head === rank.blockedHead) break;
    const taken = rank.admit(head, budget, batch);
    if (taken === Admission.Loading) continue;
    if (taken === Admission.NoMemory) rank.blockedHead = head;
    if (taken <= 0) break;
    budget -= taken;
  }
  return budget;
};

/** Admits sequences whose KV comes from elsewhere, until a new prompt is next. */
export const admitLoaded = (rank: Rank, batch: Batch, left: number): void => {
  const { waiting, running, columns, settings } = rank;
  let budget = left;
  while (waiting.length > 0 && budget > 0 && running.size < settings.maxSequences) {
    if (columns.origin.at[waiting.first] === Origin.Nowhere) return;
    const taken = rank.admit(waiting.first, budget, batch);
    if (taken === Admission.Loading) continue;
    if (taken <= 0) return;
    budget -= taken;
  }
};
