import { countParameters } from "../../serving/catalog/ModelShape.ts";
import { findGpu } from "../../serving/catalog/Gpus.ts";
import type { GpuSpec } from "../../serving/catalog/Gpus.ts";
import { shapeOfConfig } from "../../serving/catalog/shapeOfConfig.ts";
import { findModel, modelOf } from "../../serving/catalog/Models.ts";
import type { ModelSpec } from "../../serving/catalog/Models.ts";
import { canonicalName } from "../../serving/catalog/Names.ts";
import type { OwnCatalog } from "../../serving/catalog/OwnCatalog.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import { BYTES } from "../../units/Bytes.ts";
import { TOKENS } from "../../units/Count.ts";
import { FLOP_RATE } from "../../units/FlopRate.ts";
import { PRICE } from "../../units/Money.ts";
import { isMapping } from "../check/Path.ts";
import type { Catalog } from "../schema/Catalog.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";
import type { StepFiles } from "./readStepFiles.ts";

type CatalogInput = typeof Catalog.Type;
type GpuInput = NonNullable<CatalogInput["gpus"]>[string];
type ModelInput = NonNullable<CatalogInput["models"]>[string];
type ShapeInput = Extract<ModelInput, { readonly config?: never }>["shape"];

/** A scenario's own rows, and the names of those that are wrong: pools that use these need no fault of their own. */
export interface DecodedCatalog extends OwnCatalog {
  readonly broken: ReadonlySet<string>;
}

const POSITIVE: Bounds = { above: 0 };
const SOURCE = "given in the scenario";

/** Reads the hardware and models that a scenario brings along. */
export const decodeCatalog = (decoding: Decoding, at: At<CatalogInput>, files: StepFiles): DecodedCatalog => {
  const broken = new Set<string>();
  const rows = <K extends "gpus" | "models", R>(
    key: K,
    decode: (entry: At<NonNullable<CatalogInput[K]>[string]>, name: string) => R | undefined,
  ): ReadonlyArray<R> => {
    const mapping = at.value[key];
    if (!isMapping(mapping)) return [];
    const seen = new Set<string>();
    return Object.entries(mapping).flatMap(([written, value]) => {
      const entry = { value: value as never, path: [...at.path, key, written] };
      const name = canonicalName(written);
      const faultsBefore = decoding.faults.length;
      const row = decoding.isSound(entry.path) && isFree(decoding, entry.path, { key, name, seen }) ? decode(entry, name) : undefined;
      if (row !== undefined && decoding.faults.length === faultsBefore) return [row];
      broken.add(name);
      return [];
    });
  };
  return {
    gpus: rows("gpus", (entry, name) => decodeGpu(decoding, entry, name)),
    models: rows("models", (entry, name) => decodeModel(decoding, entry, { name, files })),
    broken,
  };
};

const isFree = (
  decoding: Decoding,
  path: At<unknown>["path"],
  { key, name, seen }: { readonly key: "gpus" | "models"; readonly name: string; readonly seen: Set<string> },
): boolean => {
  const known = key === "gpus" ? findGpu(name) : findModel(name);
  const taken = known !== undefined || seen.has(name);
  if (taken) {
    decoding.reject({
      path,
      constraint:
        known === undefined ? "must be named once" : `must not have the name of a ${key === "gpus" ? "GPU" : "model"} of the catalog`,
      value: name,
      hint: known === undefined ? "upper case, spaces and underscores make no difference" : `choose another name, as "my-${name}"`,
      part: "key",
    });
  }
  seen.add(name);
  return !taken;
};

const decodeGpu = (decoding: Decoding, at: At<GpuInput>, name: string): GpuSpec => {
  const fp8 = decoding.field(at, "fp8", (written) => decoding.quantity(FLOP_RATE, written, POSITIVE));
  const price = decoding.field(at, "price", (written) => decoding.quantity(PRICE, written));
  return {
    name,
    aliases: [],
    memoryBytes: decoding.field(at, "memory", (written) => decoding.quantity(BYTES, written, POSITIVE)) ?? NaN,
    memoryBytesPerSecond: decoding.field(at, "bandwidth", (written) => decoding.quantity(BANDWIDTH, written, POSITIVE)) ?? NaN,
    flopPerSecond: {
      bf16: decoding.field(at, "bf16", (written) => decoding.quantity(FLOP_RATE, written, POSITIVE)) ?? NaN,
      ...(fp8 === undefined ? {} : { fp8 }),
    },
    intraNodeBytesPerSecond: decoding.quantity(
      BANDWIDTH,
      { value: at.value.interconnect ?? DEFAULTS.catalog.interconnect, path: [...at.path, "interconnect"] },
      POSITIVE,
    ),
    gpusPerNode: at.value.gpusPerNode ?? DEFAULTS.catalog.gpusPerNode,
    source: SOURCE,
    ...(price === undefined ? {} : { price: { usdPerGpuHour: price, source: SOURCE, asOf: "" } }),
  };
};

const decodeModel = (
  decoding: Decoding,
  at: At<ModelInput>,
  of: { readonly name: string; readonly files: StepFiles },
): ModelSpec | undefined => {
  const { config, shape } = at.value as { readonly config?: string; readonly shape?: ShapeInput };
  if (config !== undefined) return readConfig(decoding, { value: config, path: [...at.path, "config"] }, of);
  return shape === undefined ? undefined : decodeShape(decoding, { value: shape, path: [...at.path, "shape"] }, of.name);
};

const readConfig = (
  decoding: Decoding,
  { value, path }: At<string>,
  { name, files }: { readonly name: string; readonly files: StepFiles },
): ModelSpec | undefined => {
  const file = files.resolve(value, path);
  const text = files.readText(file);
  if (text === undefined) {
    decoding.reject({ path, constraint: "must be a file that can be read", value: file });
    return undefined;
  }
  const shape = shapeOfConfig({ name, file: value }, text);
  if (!("mistake" in shape)) return modelOf(undefined, shape);
  decoding.reject({ path, constraint: shape.mistake, value, hint: "other models: give their dimensions with shape" });
  return undefined;
};

const decodeShape = (decoding: Decoding, at: At<ShapeInput>, name: string): ModelSpec | undefined => {
  const { value, path } = at;
  const { heads, kvHeads, experts, parameters } = value;
  const faultsBefore = decoding.faults.length;
  const must = (holds: boolean, key: string, constraint: string, wrong: unknown): void => {
    if (!holds) decoding.reject({ path: [...path, ...key.split(".")], constraint, value: wrong });
  };
  must(heads % kvHeads === 0, "kvHeads", `must divide heads, ${heads}`, kvHeads);
  must(value.headDim !== undefined || value.hidden % heads === 0, "heads", `must divide hidden, ${value.hidden}, or give headDim`, heads);
  if (experts !== undefined) {
    must(experts.active <= experts.count, "experts.active", `must be at most experts.count, ${experts.count}`, experts.active);
  }
  const maxModelTokens = decoding.quantity(
    TOKENS,
    { value: value.maxModelLen, path: [...path, "maxModelLen"] },
    { minimum: 1, whole: true },
  );
  if (decoding.faults.length > faultsBefore) return undefined;
  const shape = {
    name,
    aliases: [],
    layers: value.layers,
    hidden: value.hidden,
    vocabulary: value.vocabulary,
    attentionHeads: heads,
    kvHeads,
    headDimension: value.headDim ?? value.hidden / heads,
    intermediate: value.intermediate,
    tiedEmbedding: value.tiedEmbedding ?? false,
    ...(experts === undefined ? {} : { experts }),
    maxModelTokens,
    source: SOURCE,
  };
  const { routed, attention } = countParameters(shape);
  must(
    parameters === undefined || parameters > routed + attention,
    "parameters",
    "must be more than attention and experts alone have",
    parameters,
  );
  return modelOf(parameters, shape);
};
