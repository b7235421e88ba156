import type { RunRecord } from "../../../src/serving/calibration/RunRecord.ts";
import type { EngineSpec, StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import { sharedRows, sharedText } from "./SharedFile.ts";

export const RUN_FOLDER = "real-runs/rtx4090-llama-3.1-8b";

/** The recorded requests by the engine's clock, from the first arrival on. */
export const recordedRequests = (): ReadonlyArray<RunRecord> => {
  const lines = sharedText(`${RUN_FOLDER}/requests.jsonl`).trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as { readonly [key: string]: number });
  const originS = Math.min(...rows.map((row) => row["queued_ts"]!));
  const ms = (seconds: number): number => 1000 * (seconds - originS);
  return rows.map((row) => ({
    arrivalMs: ms(row["queued_ts"]!),
    promptTokens: row["input_toks"]!,
    outputTokens: row["output_toks"]!,
    firstTokenMs: ms(row["first_token_ts"]!),
    lastTokenMs: ms(row["last_token_ts"]!),
  }));
};

/** Engine settings of the run, from its meta file; no prefix cache, since the token ids were not kept. */
export const recordedEngine = (step: StepCoefficients): EngineSpec => {
  const meta = JSON.parse(sharedText(`${RUN_FOLDER}/meta.json`)) as {
    readonly engine_kwargs: { readonly [key: string]: number };
    readonly kv_cache: { readonly [key: string]: number };
  };
  return {
    maxBatchedTokens: meta.engine_kwargs["max_num_batched_tokens"]!,
    maxSequences: meta.engine_kwargs["max_num_seqs"]!,
    maxModelTokens: meta.engine_kwargs["max_model_len"]!,
    blockTokens: meta.kv_cache["block_size"]!,
    kvBlocks: meta.kv_cache["num_gpu_blocks"]!,
    prefixCache: false,
    reserveFullPrompt: true,
    maxWaiting: 100_000,
    step,
  };
};

export interface RecordedSecond {
  readonly atMs: number;
  readonly running: number;
  readonly waiting: number;
  readonly kvRatio: number;
}

export const recordedSeconds = (): ReadonlyArray<RecordedSecond> =>
  sharedRows(`${RUN_FOLDER}/timeseries.csv`).map((row) => ({
    atMs: 1000 * Number(row["t"]),
    running: Number(row["running"]),
    waiting: Number(row["waiting"]),
    kvRatio: Number(row["kv_cache_pct"]) / 100,
  }));
