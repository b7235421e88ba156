import type { GpuSpec } from "./Gpus.ts";
import { findGpu, GPUS } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { findModel, MODELS } from "./Models.ts";
import { findByName } from "./Names.ts";

/** Hardware and models that a scenario brings along; their names differ from those of the catalog. */
export interface OwnCatalog {
  readonly gpus: ReadonlyArray<GpuSpec>;
  readonly models: ReadonlyArray<ModelSpec>;
}

export const EMPTY_CATALOG: OwnCatalog = { gpus: [], models: [] };

/** The GPU of a name, the user's or the catalog's. */
export const anyGpu = (own: OwnCatalog, name: string): GpuSpec | undefined => findByName(own.gpus, name) ?? findGpu(name);

/** The model of a name, the user's or the catalog's. */
export const anyModel = (own: OwnCatalog, name: string): ModelSpec | undefined => findByName(own.models, name) ?? findModel(name);

/** All names of one kind. */
export const knownNames = (own: OwnCatalog, kind: "gpus" | "models"): ReadonlyArray<string> =>
  [...own[kind], ...(kind === "gpus" ? GPUS : MODELS)].map(({ name }) => name);
