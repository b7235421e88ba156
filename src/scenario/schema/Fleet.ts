import * as Schema from "effect/Schema";
import { Autoscale } from "./Autoscale.ts";
import { ENGINE_NAMES } from "../../serving/catalog/EngineNames.ts";
import { DEFAULTS } from "./Defaults.ts";
import { atLeast, flag, integer, text, word } from "./PlainSchema.ts";
import { Disk, Frontend, Port, Startup } from "./Machine.ts";
import { Station } from "./Station.ts";
import { bytes, count, duration, price, share, tokens } from "./Quantities.ts";
import { SchedulingFields } from "./Scheduling.ts";

const coefficient = (description: string) => Schema.optionalKey(atLeast(0, description, { default: 0 }));

const Step = Schema.Struct({
  a: atLeast(0, "Milliseconds per step."),
  b: coefficient("Milliseconds per sequence."),
  c: coefficient("Milliseconds per KV token read by decodes."),
  d: coefficient("Milliseconds per prefill token."),
  e: coefficient("Milliseconds per prefill token and token of its context (attention)."),
  h: coefficient("Milliseconds per KV token, in steps with prefill."),
}).annotate({
  description:
    "Time of one engine step in ms: a + b*seqs + c*kvTokens + d*prefillTokens + e*prefillTokens*(context + prefillTokens/2), + h*kvTokens with prefill. From the catalog by default.",
});

const { engine } = DEFAULTS;

const Host = Schema.Struct({
  perStep: Schema.optionalKey(duration("CPU time of the engine core per step", { default: "0ms" })),
  perSequence: Schema.optionalKey(duration("and per sequence that decodes in it", { default: "0ms" })),
  mode: Schema.optionalKey(
    word(["serial", "overlapped"], "serial: the GPU waits for it. overlapped (asynchronous scheduling): a step takes the longer of both.", {
      default: DEFAULTS.host.mode,
    }),
  ),
}).annotate({
  description: "The engine core's work on the CPU: scheduling, input preparation, sampling output. In place of hostOverhead.",
});

const RequestOverhead = Schema.Struct({
  perRequest: Schema.optionalKey(duration("Of each request", { default: "0ms" })),
  perPromptToken: Schema.optionalKey(duration("and of each token of its prompt", { default: "0ms" })),
}).annotate({
  description:
    "Time before a prompt reaches the engine's queue (HTTP, tokenization, hand-over to the scheduler): a delay of each request by itself, where frontend is work on cores that requests share. By default what was fitted together with the step times (a roofline, a calibration by points or by a run); nothing beside frontend, and nothing with other step times.",
  examples: [{ perRequest: "25ms", perPromptToken: "0.002ms" }],
});

const Engine = Schema.Struct({
  name: Schema.optionalKey(
    word(ENGINE_NAMES, "Whose host times and kernels the catalog's step times have; what it schedules is set by the fields below.", {
      default: DEFAULTS.engine.name,
    }),
  ),
  maxBatchedTokens: Schema.optionalKey(
    tokens("Token budget of one step (vLLM max_num_batched_tokens)", {
      default: engine.maxBatchedTokens,
    }),
  ),
  maxSequences: Schema.optionalKey(count("Sequences that run at once (vLLM max_num_seqs)", { default: engine.maxSequences })),
  maxModelLen: Schema.optionalKey(tokens("Longest prompt plus output; the model's by default")),
  blockTokens: Schema.optionalKey(
    integer({ minimum: 1, maximum: 4096 }, "Tokens per KV block (vLLM block_size).", {
      default: engine.blockTokens,
    }),
  ),
  kvDtype: Schema.optionalKey(
    word(
      ["bf16", "fp16", "fp8"],
      "Number format of the KV cache (vLLM kv_cache_dtype). fp8 halves its bytes; how fast they are read is the engine's.",
      {
        default: "bf16",
      },
    ),
  ),
  kvBlocks: Schema.optionalKey(count("KV blocks per replica; by default what fits into GPU memory beside the weights")),
  gpuMemoryUtilization: Schema.optionalKey(share("Share of GPU memory that the engine takes", { default: engine.gpuMemoryUtilization })),
  prefixCache: Schema.optionalKey(flag("Automatic prefix caching.", { default: engine.prefixCache })),
  reserveFullPrompt: Schema.optionalKey(
    flag("Admits a request only when its whole prompt fits into free KV blocks.", {
      default: engine.reserveFullPrompt,
    }),
  ),
  maxWaiting: Schema.optionalKey(count("Attempts that may wait in the engine; more are refused", { default: engine.maxWaiting })),
  ...SchedulingFields,
  step: Schema.optionalKey(Step),
  stepTable: Schema.optionalKey(
    text("Measured step times: a CSV with sequences,kvTokens,prefillTokens,context,ms, relative to this file.", {
      examples: ["steps.csv"],
    }),
  ),
  calibration: Schema.optionalKey(text("An entry that spillway calibrate wrote, relative to this file.", { examples: ["h100-8b.json"] })),
  host: Schema.optionalKey(Host),
  requestOverhead: Schema.optionalKey(RequestOverhead),
  hostOverhead: Schema.optionalKey(duration("Time on the CPU per step that the GPU waits for; from the catalog by default")),
}).annotate({ description: "The serving engine, with the defaults of vLLM V1." });

/** Replicas that are all alike. */
export const Pool = Schema.Struct({
  gpu: Schema.optionalKey(text("GPU, by its name in the catalog.", { examples: ["H100"] })),
  model: Schema.optionalKey(text("Model, by its name in the catalog.", { examples: ["llama-3.1-8b"] })),
  station: Schema.optionalKey(Station),
  parallelism: Schema.optionalKey(
    Schema.Struct({
      tp: Schema.optionalKey(
        integer({ minimum: 1, maximum: 1024 }, "Tensor parallel: GPUs per replica.", {
          default: DEFAULTS.pool.tp,
        }),
      ),
      pp: Schema.optionalKey(
        integer({ minimum: 1, maximum: 64 }, "Pipeline parallel: stages, each with a batch of its own in flight.", { default: 1 }),
      ),
      dp: Schema.optionalKey(
        integer(
          { minimum: 1, maximum: 1024 },
          "Data-parallel attention: ranks with queue, batch and KV of their own that step together; engine settings are per rank.",
          {
            default: 1,
          },
        ),
      ),
      ep: Schema.optionalKey(
        integer(
          { minimum: 1, maximum: 1024 },
          "Expert parallel: GPUs that routed experts are spread over, of the replica's tp * dp; the rest cuts each expert. By default each rank cuts all experts by tp.",
        ),
      ),
    }).annotate({ description: "How a replica is spread over GPUs." }),
  ),
  dtype: Schema.optionalKey(
    text(
      "Number format of the weights, by its name in the catalog: bf16, fp8, int4 (MXFP4 too) ... By default that of the published checkpoint, as `spillway catalog MODEL` or its config.json says; bf16 where neither does.",
    ),
  ),
  frontend: Schema.optionalKey(Frontend),
  network: Schema.optionalKey(Port),
  disk: Schema.optionalKey(Disk),
  startup: Schema.optionalKey(Startup),
  role: Schema.optionalKey(
    word(["both", "prefill", "decode"], "What the pool does under gateway.disaggregation.", { default: DEFAULTS.pool.role }),
  ),
  kvBytesPerToken: Schema.optionalKey(bytes("KV of one token in a prefill replica, all its GPUs together; the catalog's by default")),
  initial: Schema.optionalKey(
    integer({ minimum: 0, maximum: 100_000 }, "Replicas that are ready at the start; the others are off. All by default. Needs startup."),
  ),
  autoscale: Schema.optionalKey(Autoscale),
  replicas: Schema.optionalKey(
    integer({ minimum: 1, maximum: 100_000 }, "How many.", {
      default: DEFAULTS.pool.replicas,
    }),
  ),
  weight: Schema.optionalKey(
    integer({ minimum: 0, maximum: 1_000_000 }, "Weight of each replica for the weighted router.", {
      default: DEFAULTS.pool.weight,
    }),
  ),
  backup: Schema.optionalKey(
    flag("Used only when no primary is available (weighted router).", {
      default: DEFAULTS.pool.backup,
    }),
  ),
  engine: Schema.optionalKey(Engine),
  qualityCost: Schema.optionalKey(
    Schema.Struct({
      drop: share("What the answers lose by quantization, as a share of the score without it"),
      source: text("Where the figure is from.", { examples: ["our MMLU runs of 2026-03"] }),
    }).annotate({ description: "Declared by you and repeated in the result; nothing is computed with it." }),
  ),
  price: Schema.optionalKey(price("Price of one GPU; the catalog's by default")),
}).annotate({ identifier: "Pool", description: "Replicas that are all alike." });
