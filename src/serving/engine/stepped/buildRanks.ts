import { Streams } from "../../../kernel/Streams.ts";
import { BlockLists } from "../BlockLists.ts";
import { CachedBlocks } from "../CachedBlocks.ts";
import { CountedBlocks } from "../CountedBlocks.ts";
import type { ReplicaOptions } from "../Replica.ts";
import type { ReplicaMeter } from "../ReplicaMeter.ts";
import { ContinuousScheduler } from "./ContinuousScheduler.ts";
import { HostTier } from "./HostTier.ts";
import { KvMemory } from "./KvMemory.ts";
import { PrefillFirstScheduler } from "./PrefillFirstScheduler.ts";
import { Rank } from "./Rank.ts";
import type { Scheduler } from "./Scheduler.ts";
import type { Settings } from "./Settings.ts";
import { Speculation } from "./Speculation.ts";
import { StaticScheduler } from "./StaticScheduler.ts";
import type { SteppedColumns } from "./SteppedColumns.ts";
import type { TokenGaps } from "./TokenGaps.ts";
import type { WaitingMeter } from "./WaitingMeter.ts";

export interface RankParts {
  readonly settings: Settings;
  readonly columns: SteppedColumns;
  readonly meter: ReplicaMeter;
  readonly waitingMeter: WaitingMeter;
  readonly gaps: TokenGaps;
}

export interface ScheduledRank {
  readonly rank: Rank;
  readonly scheduler: Scheduler;
}

/** The data-parallel ranks of a replica, one if it has no such, each with queue, KV blocks and scheduler of its own. */
export const buildRanks = (options: ReplicaOptions, parts: RankParts): ReadonlyArray<ScheduledRank> => {
  const { engine, attempts, kernel } = options;
  const scheduling = engine.scheduling ?? {};
  const speculation =
    scheduling.speculative === undefined
      ? undefined
      : new Speculation(scheduling.speculative, classNames(options), options.streams ?? new Streams(0));
  // Kept KV outlives the attempt's stay here: another engine may hold blocks of the same attempt meanwhile.
  const lists = scheduling.prefillOnly === true ? new BlockLists() : options.blockLists;
  return Array.from({ length: scheduling.dataParallel?.ranks ?? 1 }, () => {
    const tier = scheduling.offload && engine.prefixCache ? new HostTier(scheduling.offload, engine.blockTokens) : undefined;
    const memory = new KvMemory(attempts, parts.columns, {
      blocks: engine.prefixCache
        ? new CachedBlocks(engine.kvBlocks, engine.blockTokens, lists, tier)
        : new CountedBlocks(engine.kvBlocks, engine.blockTokens),
      caching: engine.prefixCache,
      watermarkBlocks: parts.settings.watermarkBlocks,
      swap: scheduling.swap,
      tier,
    });
    const rank = new Rank({ ...parts, kernel, attempts, memory, speculation, priorities: options.priorities ?? [] });
    return { rank, scheduler: schedulerOf(rank, engine.prefixCache) };
  });
};

const classNames = (options: ReplicaOptions): ReadonlyArray<string> =>
  options.classNames ?? Array.from({ length: options.classes }, (_, i) => String(i));

const schedulerOf = (rank: Rank, caching: boolean): Scheduler => {
  if (rank.settings.scheduler === "prefillFirst") return new PrefillFirstScheduler(rank);
  if (rank.settings.scheduler === "static") return new StaticScheduler(rank);
  return new ContinuousScheduler(rank, caching);
};
