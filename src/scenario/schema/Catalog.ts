import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { flag, integer, positive, SCENARIO_NAME_PATTERN, text } from "./PlainSchema.ts";
import { bandwidth, bytes, flopRate, price, tokens } from "./Quantities.ts";

const MOST = 1e9;
const size = (description: string) => integer({ minimum: 1, maximum: MOST }, description);

const Gpu = Schema.Struct({
  memory: bytes("Memory"),
  bandwidth: bandwidth("Bandwidth of the memory"),
  bf16: flopRate("Dense peak at 16 bits"),
  fp8: Schema.optionalKey(flopRate("Dense peak at 8 bits; without it the GPU does not compute in fp8")),
  interconnect: Schema.optionalKey(
    bandwidth("To another GPU of the node, one way; PCIe 4.0 by default", { default: DEFAULTS.catalog.interconnect }),
  ),
  gpusPerNode: Schema.optionalKey(
    integer({ minimum: 1, maximum: 1024 }, "GPUs that the interconnect joins.", { default: DEFAULTS.catalog.gpusPerNode }),
  ),
  price: Schema.optionalKey(price("Price; without it a pool must say its own, or counts as $0")),
}).annotate({
  identifier: "CatalogGpu",
  description: "A GPU by its data sheet. Its step times are estimates by the roofline.",
  examples: [{ memory: "141GB", bandwidth: "4.8TB/s", bf16: "989TFLOP/s", fp8: "1979TFLOP/s", interconnect: "450GB/s" } as never],
});

const Shape = Schema.Struct({
  layers: size("Layers."),
  hidden: size("Width of the hidden state."),
  heads: size("Attention heads."),
  kvHeads: size("Heads of keys and values; divides heads."),
  headDim: Schema.optionalKey(size("Width of a head; hidden / heads by default.")),
  vocabulary: size("Tokens of the vocabulary."),
  intermediate: size("Width of the MLP."),
  experts: Schema.optionalKey(
    Schema.Struct({
      count: size("Routed experts of a layer."),
      active: size("Experts that each token runs through."),
      intermediate: size("Width of an expert."),
    }).annotate({ description: "In place of the MLP of each layer." }),
  ),
  maxModelLen: tokens("Longest prompt plus output"),
  parameters: Schema.optionalKey(positive("Parameters, as published; counted from the shape by default.")),
  tiedEmbedding: Schema.optionalKey(flag("Whether embedding and LM head are one matrix.", { default: false })),
});

const names = <T>(member: Schema.Codec<T>, description: string): Schema.Codec<{ readonly [name: string]: T }> =>
  Schema.Record(Schema.String, member)
    .check(Schema.isPropertyNames(Schema.String.check(Schema.isPattern(SCENARIO_NAME_PATTERN))))
    .annotate({ description }) as unknown as Schema.Codec<{ readonly [name: string]: T }>;

/** Hardware and models that the catalog does not have. */
export const Catalog = Schema.Struct({
  gpus: Schema.optionalKey(names(Gpu, "GPUs by name.")),
  models: Schema.optionalKey(
    names(
      oneKey({
        shape: Shape.annotate({ description: "A decoder-only transformer by its dimensions." }),
        config: text("A Hugging Face config.json, relative to this file.", { examples: ["models/qwen3/config.json"] }),
      }).annotate({ description: "Exactly one of shape, config." }),
      "Models by name.",
    ),
  ),
}).annotate({ identifier: "Catalog", description: "Hardware and models beside those of the catalog; pools name them in the same way." });
