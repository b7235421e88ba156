import type { Dtype } from "./Dtypes.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Methods that quantize to a number of bits that they state. */
const BY_BITS = ["awq", "gptq", "auto-round", "gptq_marlin", "awq_marlin"];

/**
 * The number format of the weights by the `quantization_config` of a config.json: undefined for 16 bits, "unknown" where the method is not
 * understood.
 *
 * Source: transformers 4.56, utils/quantization_config.py; compressed-tensors 0.11, quantization/quant_args.py.
 */
export const checkpointDtype = (quantization: unknown): Dtype | "unknown" | undefined => {
  if (!isObject(quantization)) return undefined;
  const method = quantization["quant_method"];
  if (method === "fp8" || method === "fbgemm_fp8") return "fp8";
  if (method === "mxfp4") return "int4";
  if (typeof method === "string" && BY_BITS.includes(method)) return withBits("int", quantization["bits"]);
  if (method === "bitsandbytes")
    return quantization["load_in_4bit"] === true ? "int4" : quantization["load_in_8bit"] === true ? "int8" : "unknown";
  if (method === "compressed-tensors") return ofGroups(quantization["config_groups"]);
  return "unknown";
};

/** All groups of compressed-tensors must say the same. */
const ofGroups = (groups: unknown): Dtype | "unknown" => {
  if (!isObject(groups)) return "unknown";
  const dtypes = Object.values(groups).map((group) => {
    const weights = isObject(group) ? group["weights"] : undefined;
    return isObject(weights) ? withBits(weights["type"], weights["num_bits"]) : "unknown";
  });
  return new Set(dtypes).size === 1 ? dtypes[0]! : "unknown";
};

const withBits = (type: unknown, bits: unknown): Dtype | "unknown" => {
  if (bits === 8 && type === "float") return "fp8";
  if (bits === 8 && type === "int") return "int8";
  return bits === 4 ? "int4" : "unknown";
};

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
