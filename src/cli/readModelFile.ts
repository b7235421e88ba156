import { basename, dirname, resolve } from "node:path";
import type { ModelSpec } from "../serving/catalog/Models.ts";
import { modelOf } from "../serving/catalog/Models.ts";
import { shapeOfConfig } from "../serving/catalog/shapeOfConfig.ts";
import { readInput } from "./readInput.ts";

/** Whether a name means a file: the config.json of a model. */
export const isModelFile = (name: string): boolean => name.endsWith(".json");

/** The model of a config.json, named after its folder; or why there is none. */
export const readModelFile = (file: string): ModelSpec | { readonly message: string } => {
  const text = readInput(file, "a model's config.json");
  if (typeof text !== "string") return text;
  const stem = basename(file, ".json");
  const name = stem === "config" ? basename(dirname(resolve(file))) : stem;
  const shape = shapeOfConfig({ name: `${name}-config`, file }, text);
  return "mistake" in shape ? { message: shape.mistake } : modelOf(undefined, shape);
};
