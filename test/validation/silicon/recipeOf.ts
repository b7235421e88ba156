import type { ClosedLoopLoad } from "../../../src/serving/calibration/ClosedLoopLoad.ts";
import type { SiliconRow } from "./SiliconPoint.ts";

/** How an engine was started, as far as its schedule depends on it. */
export interface Recipe {
  /** KV of 8 bits. */
  readonly kv8: boolean;
  readonly load: Required<Pick<ClosedLoopLoad, "maxBatchedTokens" | "scheduling" | "wholePrompts" | "admissionSteps">>;
}

/** vLLM's and SGLang's default on these GPUs, and what the launch scripts set for vLLM. */
const CHUNK = 8192;
/** The next step has begun when the client's next request arrives. */
const ADMISSION_STEPS = 1;

/**
 * Settings of the public runs by their launch scripts (SemiAnalysisAI/InferenceX, benchmarks/*_h100*.sh and *_h200*.sh); the other rows state
 * none and get each engine's defaults.
 */
export const recipeOf = (row: SiliconRow): Recipe => {
  const isPublic = /db-dump|source_file=20|kimi-k2\.5-gap/u.test(row["silicon_data_source"]!);
  switch (row["backend"]) {
    case "sglang":
      return recipe({ maxBatchedTokens: isPublic ? 32_768 : CHUNK, scheduling: "prefillFirst" });
    case "trtllm":
      return isPublic ? publicTrtllm(row) : recipe({ wholePrompts: true });
    default:
      return recipe({}, isPublic && isLlama70b(row));
  }
};

const recipe = (load: Partial<Recipe["load"]>, kv8 = false): Recipe => ({
  kv8,
  load: { maxBatchedTokens: CHUNK, scheduling: "mixed", wholePrompts: false, admissionSteps: ADMISSION_STEPS, ...load },
});

const isLlama70b = (row: SiliconRow): boolean => /Llama-3\.1-70B/u.test(row["model_path"]!);

const publicTrtllm = (row: SiliconRow): Recipe => {
  const [isl, osl] = [Number(row["isl"]), Number(row["osl"])];
  if (isLlama70b(row)) {
    // batch_wait_timeout_iters: a prompt waits for company up to 20 steps.
    const waits = isl === 1024 && osl === 1024 && Number(row["tp_size"]) < 8;
    return recipe({ maxBatchedTokens: 9416, wholePrompts: true, admissionSteps: ADMISSION_STEPS + (waits ? 20 : 0) }, true);
  }
  if (/gpt-oss/u.test(row["model_path"]!)) return recipe({ maxBatchedTokens: 20_000, wholePrompts: true });
  const budget = Math.max(CHUNK, Number(row["concurrency"]) + isl + 64);
  return recipe({ maxBatchedTokens: budget, wholePrompts: true }, /DeepSeek/u.test(row["model_path"]!));
};
