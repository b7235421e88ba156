import type { Batch } from "./Batch.ts";
import { admitLoaded, admitPrompts, continueLoaded } from "./PrefillFirstScheduler.ts";
import type { Rank } from "./Rank.ts";
import type { Scheduler } from "./Scheduler.ts";
import { Growth, growRunning } from "./Scheduler.ts";
import { Hold } from "./SteppedColumns.ts";

/**
 * A server without continuous batching: it takes a batch when it is idle, computes all prompts, decodes until the last answer is
 * complete, and sends all answers then. Who is done keeps row and KV until the batch ends.
 */
export class StaticScheduler implements Scheduler {
  readonly streams = false;
  declare private readonly rank: Rank;
  private readonly growth = new Growth();

  constructor(rank: Rank) {
    this.rank = rank;
  }

  plan(batch: Batch): void {
    const { rank } = this;
    if (rank.running.size > 0) {
      continueLoaded(rank, batch);
      if (batch.size > 0) return;
      growRunning(rank, batch, this.growth);
      if (this.isActive()) return;
      batch.clear();
      rank.closeBatch();
    }
    const budget = admitPrompts(rank, batch, rank.settings.maxBatchedTokens);
    if (rank.running.size === 0) admitLoaded(rank, batch, budget);
  }

  private isActive(): boolean {
    const { running, columns } = this.rank;
    for (let i = 0; i < running.size; i++) if (columns.hold.at[running.at[i]!] !== Hold.Done) return true;
    return false;
  }
}
