import type { Batch } from "./Batch.ts";
import { admitPrompts, continueLoaded } from "./PrefillFirstScheduler.ts";
import type { Rank } from "./Rank.ts";
import { Admission } from "./Rank.ts";
import type { Scheduler } from "./Scheduler.ts";
import { Growth, growRunning } from "./Scheduler.ts";
import { Hold, Origin } from "./SteppedColumns.ts";

/**
 * A server without continuous batching: it takes a batch when it is idle, computes all prompts, decodes until the last answer is
 * complete, and sends all answers then. Who is done keeps row and KV until the batch ends.
 */
export class StaticScheduler implements Scheduler {
  readonly streams = false;
  private readonly rank: Rank;
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
    if (rank.running.size === 0) this.resume(batch, budget);
  }

  /** A batch of sequences whose KV comes from elsewhere. */
  private resume(batch: Batch, left: number): void {
    const { waiting, running, columns, settings } = this.rank;
    let budget = left;
    while (waiting.length > 0 && budget > 0 && running.size < settings.maxSequences) {
      if (columns.origin.at[waiting.first] === Origin.Nowhere) return;
      const taken = this.rank.admit(waiting.first, budget, batch);
      if (taken === Admission.Loading) continue;
      if (taken <= 0) return;
      budget -= taken;
    }
  }

  private isActive(): boolean {
    const { running, columns } = this.rank;
    for (let i = 0; i < running.size; i++) if (columns.hold.at[running.at[i]!] !== Hold.Done) return true;
    return false;
  }
}
