import { canonicalName } from "./Names.ts";

/** Number formats of the weights. KV stays at 16 bits in each of them, as vLLM's `kv_cache_dtype=auto` keeps it. */
export type Dtype = "bf16" | "fp16" | "fp8" | "int8" | "int4";

export const DTYPES: ReadonlyArray<Dtype> = ["bf16", "fp16", "fp8", "int8", "int4"];

/** int8 and int4 quantize weights only: fewer bytes to read, products at 16 bits. */
export const isWeightOnly = (dtype: Dtype): boolean => dtype === "int8" || dtype === "int4";

const SYNONYMS: Readonly<Record<string, Dtype>> = {
  bf16: "bf16",
  bfloat16: "bf16",
  fp16: "fp16",
  float16: "fp16",
  half: "fp16",
  fp8: "fp8",
  float8: "fp8",
  "fp8-e4m3": "fp8",
  int8: "int8",
  w8a16: "int8",
  int4: "int4",
  w4a16: "int4",
  awq: "int4",
  gptq: "int4",
  mxfp4: "int4",
};

/** A dtype key: the number format, and after "+" the engine variant that step times are looked up for ("fp16+vllm-2023", "fp8+ep64"). */
export interface DtypeKey {
  readonly dtype: Dtype;
  readonly variant?: string;
}

/** Reads a dtype key; undefined if the number format is unknown. */
export const parseDtypeKey = (text: string): DtypeKey | undefined => {
  const [format, ...rest] = text.split("+");
  const name = canonicalName(format!);
  const dtype = Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name]! : undefined;
  if (dtype === undefined) return undefined;
  return rest.length === 0 ? { dtype } : { dtype, variant: canonicalName(rest.join("+")) };
};

/** The canonical text of a dtype key. */
export const dtypeKeyText = (key: DtypeKey): string => (key.variant === undefined ? key.dtype : `${key.dtype}+${key.variant}`);

/** bf16 and fp16 move and multiply at the same speed on every GPU of the catalog. */
export const sameSpeed = (left: Dtype, right: Dtype): boolean => left === right || (isWide(left) && isWide(right));

const isWide = (dtype: Dtype): boolean => dtype === "bf16" || dtype === "fp16";
