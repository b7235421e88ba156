import { IntBuffer } from "../IntBuffer.ts";
import type { Batch } from "./Batch.ts";
import type { Rank } from "./Rank.ts";
import { Admission } from "./Rank.ts";
import type { Scheduler } from "./Scheduler.ts";
import { Growth, growRunning } from "./Scheduler.ts";

/**
 * Running sequences first, then waiting ones, prompts in chunks within one token budget.
 *
 * Source of the semantics: vllm-project/vllm v1/core/sched/scheduler.py (Apache-2.0), v0.19; partial prefills: core/scheduler.py, v0.8.
 */
export class ContinuousScheduler implements Scheduler {
  readonly streams = true;
  declare private readonly rank: Rank;
  /** Without a reservation of the whole prompt, a head with fewer cached blocks asks for fewer: an eviction may let it in. */
  declare private readonly evictionUnblocks: boolean;
  private readonly growth = new Growth();
  private readonly skipped = new IntBuffer();

  constructor(rank: Rank, caching: boolean) {
    this.rank = rank;
    this.evictionUnblocks = caching && !rank.settings.reserveFullPrompt;
  }

  plan(batch: Batch): void {
    const { rank, growth } = this;
    growRunning(rank, batch, growth);
    if (growth.strained) rank.blockedHead = -1;
    else if (rank.waiting.length > 0) this.admitWaiting(batch, growth.budget);
  }

  private admitWaiting(batch: Batch, left: number): void {
    const { rank, growth, skipped } = this;
    const { waiting, running, settings } = rank;
    let budget = left;
    while (waiting.length > 0 && budget > 0 && running.size < settings.maxSequences) {
      const head = waiting.first;
      if (head === rank.blockedHead && !this.evictionUnblocks) break;
      const total = rank.attempts.total.at[head]!;
      const partial = total > budget || total > settings.longPrefillThreshold;
      const long = total > settings.longPrefillThreshold;
      if (partial && long && growth.longPartial >= settings.maxLongPartialPrefills) {
        waiting.remove(head);
        skipped.push(head);
        continue;
      }
      if (partial && growth.partial >= settings.maxPartialPrefills) break;
      const taken = rank.admit(head, budget, batch);
      if (taken === Admission.Loading) continue;
      if (taken === Admission.NoMemory) rank.blockedHead = head;
      if (taken <= 0) break;
      budget -= taken;
      if (rank.attempts.computed.at[head]! + taken === total) continue;
      growth.partial++;
      if (long) growth.longPartial++;
    }
    while (skipped.size > 0) waiting.putBack(skipped.at[--skipped.size]!);
  }
}
