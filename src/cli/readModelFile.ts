import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { ModelSpec } from "../serving/catalog/Models.ts";
import { modelOf } from "../serving/catalog/Models.ts";
import { shapeOfConfig } from "../serving/catalog/shapeOfConfig.ts";

/** Whether a name means a file: the config.json of a model. */
export const isModelFile = (name: string): boolean => name.endsWith(".json");

/** The model of a config.json, named after its folder; or why there is none. */
export const readModelFile = (file: string): ModelSpec | { readonly message: string } => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    return { message: `${file} cannot be read: ${(cause as Error).message}` };
  }
  const stem = basename(file, ".json");
  const name = stem === "config" ? basename(dirname(resolve(file))) : stem;
  const shape = shapeOfConfig({ name: `${name}-config`, file }, text);
  return "mistake" in shape ? { message: shape.mistake } : modelOf(undefined, shape);
};
