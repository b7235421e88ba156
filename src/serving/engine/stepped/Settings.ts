import type { EngineSpec } from "../../ServingSpec.ts";
import type { OrderName, SchedulerName } from "../../SchedulingSpec.ts";

/** Source: vLLM V0 `BlockSpaceManager`, watermark = 0.01. */
const PREFILL_FIRST_WATERMARK = 0.01;

/** An engine's scheduling with every default filled in, per rank. */
export interface Settings {
  readonly scheduler: SchedulerName;
  readonly order: OrderName;
  readonly chunkedPrefill: boolean;
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly longPrefillThreshold: number;
  readonly maxPartialPrefills: number;
  readonly maxLongPartialPrefills: number;
  readonly watermarkBlocks: number;
  readonly reserveFullPrompt: boolean;
  readonly drafted: number;
  /** Longest sequence: bounded by the model, the KV blocks, and the token budget where prompts are not cut. */
  readonly maxTokens: number;
  readonly prefillOnly: boolean;
}

const UNBOUNDED = 2 ** 30;

export const settingsOf = (engine: EngineSpec): Settings => {
  const of = engine.scheduling ?? {};
  const scheduler = of.scheduler ?? "continuous";
  const chunkedPrefill = scheduler === "continuous" && (of.chunkedPrefill ?? true);
  const watermarkRatio = of.watermarkRatio ?? (scheduler === "prefillFirst" ? PREFILL_FIRST_WATERMARK : 0);
  const watermarkBlocks = Math.min(Math.floor(watermarkRatio * engine.kvBlocks), engine.kvBlocks - 1);
  const capacity = (engine.kvBlocks - watermarkBlocks) * engine.blockTokens;
  return {
    scheduler,
    order: of.order ?? "fcfs",
    chunkedPrefill,
    maxBatchedTokens: engine.maxBatchedTokens,
    maxSequences: engine.maxSequences,
    longPrefillThreshold: chunkedPrefill ? (of.longPrefillThreshold ?? UNBOUNDED) : UNBOUNDED,
    maxPartialPrefills: of.maxPartialPrefills ?? UNBOUNDED,
    maxLongPartialPrefills: of.maxLongPartialPrefills ?? UNBOUNDED,
    watermarkBlocks,
    reserveFullPrompt: engine.reserveFullPrompt || !chunkedPrefill,
    drafted: of.speculative?.tokens ?? 0,
    maxTokens: Math.min(engine.maxModelTokens, capacity, chunkedPrefill ? Infinity : engine.maxBatchedTokens),
    prefillOnly: of.prefillOnly ?? false,
  };
};
