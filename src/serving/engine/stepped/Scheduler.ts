import { AttemptState } from "../../Attempts.ts";
import type { Batch } from "./Batch.ts";
import type { Rank } from "./Rank.ts";
import { Hold } from "./SteppedColumns.ts";

/** Decides who computes what in the next step of a rank. */
export interface Scheduler {
  /** Tokens are reported as they come; false: answers come when the whole batch ends. */
  readonly streams: boolean;
  plan(batch: Batch): void;
}

/** What the running sequences left for others. */
export class Growth {
  budget = 0;
  /** Somebody was preempted, or waits for blocks: nobody is admitted in this step. */
  strained = false;
  /** Prompts that this step leaves in part, and those of them above the threshold. */
  partial = 0;
  longPartial = 0;
}

/**
 * Gives running sequences their tokens and blocks, in order of admission, while the budget lasts. Where blocks run out, victims are
 * preempted; the tokens of one that was in the batch already are given back.
 */
export const growRunning = (rank: Rank, batch: Batch, growth: Growth): void => {
  const { running, attempts, columns, memory, settings } = rank;
  const hold = columns.hold.at;
  const state = attempts.state.at;
  const computed = attempts.computed.at;
  const total = attempts.total.at;
  const held = columns.heldBlocks.at;
  const { blockTokens } = memory.blocks;
  const { drafted, maxTokens, longPrefillThreshold } = settings;
  const width = 1 + drafted;
  let budget = settings.maxBatchedTokens;
  growth.strained = false;
  growth.partial = growth.longPartial = 0;
  sequences: for (let i = 0; i < running.size && budget > 0; i++) {
    const slot = running.at[i]!;
    if (hold[slot] !== Hold.None) {
      if (hold[slot] === Hold.Done) batch.add(slot, 0);
      continue;
    }
    const before = computed[slot]!;
    // By far the most frequent case: a few tokens more, and room for them in the last block.
    const after = before + width;
    if (state[slot] === AttemptState.Decoding && after <= held[slot]! * blockTokens && after <= maxTokens && width <= budget) {
      batch.add(slot, width);
      budget -= width;
      continue;
    }
    const decodes = state[slot] === AttemptState.Decoding;
    const left = decodes ? Math.min(1 + drafted, maxTokens - before) : total[slot]! - before;
    const tokens = Math.min(left, budget, decodes ? left : longPrefillThreshold);
    if (decodes && before + tokens <= held[slot]! * blockTokens) {
      batch.add(slot, tokens);
      budget -= tokens;
      continue;
    }
    while (!(decodes ? memory.growDecode(slot, before + tokens) : memory.growPrompt(slot, before + tokens))) {
      growth.strained = true;
      const victim = rank.victim(slot);
      if (victim < 0) return void (growth.budget = budget);
      budget += rank.preempt(victim, batch);
      if (victim === slot) {
        if (batch.size > 0) return void (growth.budget = budget);
        // An empty step takes no time: the next one starts at once with those who are left.
        i = -1;
        continue sequences;
      }
      if (running.at[i] !== slot) i--;
    }
    batch.add(slot, tokens);
    budget -= tokens;
    if (decodes || tokens === left) continue;
    growth.partial++;
    if (total[slot]! > longPrefillThreshold) growth.longPartial++;
  }
  growth.budget = budget;
};
