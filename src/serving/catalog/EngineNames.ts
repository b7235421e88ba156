/** Serving engines whose host times and kernels the roofline tells apart. */
export type EngineName = "vllm" | "sglang" | "trtllm";

export const ENGINE_NAMES: ReadonlyArray<EngineName> = ["vllm", "sglang", "trtllm"];

export const DEFAULT_ENGINE: EngineName = "vllm";
