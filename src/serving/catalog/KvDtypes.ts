import type { ModelSpec } from "./Models.ts";

/** Number formats of the KV cache; 16 bits unless told (vLLM's `kv_cache_dtype`). */
export type KvDtype = "bf16" | "fp16" | "fp8";

export const KV_DTYPES: ReadonlyArray<KvDtype> = ["bf16", "fp16", "fp8"];

/** Bytes of the KV over those at 16 bits. Scales are left out: one per tensor. */
export const kvRatio = (kvDtype: KvDtype | undefined): number => (kvDtype === "fp8" ? 0.5 : 1);

/** The model with the KV bytes of a format. */
export const withKvDtype = (model: ModelSpec, kvDtype: KvDtype | undefined): ModelSpec =>
  kvRatio(kvDtype) === 1 ? model : { ...model, kvBytesPerToken: model.kvBytesPerToken * kvRatio(kvDtype) };

/** Shown for step times of the catalog. */
export const KV_8_BIT_WARNING =
  "KV at 8 bits: how fast it is read is the engine's, fitted to Llama-3.1-70B on H100 to B300; under vLLM a token took longer than at 16 bits";

/** Shown where the user gave the step times. */
export const KV_GIVEN_WARNING = "KV at 8 bits doubles the KV tokens; step times stay as given";
