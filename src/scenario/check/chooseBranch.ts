import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { SCENARIO_QUANTITIES } from "../schema/Quantities.ts";
import type { QuantityKind } from "../../units/Quantity.ts";
import type { Fault } from "./Fault.ts";
import { suggest } from "./nearest.ts";
import type { Path } from "./Path.ts";
import { isMapping } from "./Path.ts";

const BY_PATTERN = new Map(SCENARIO_QUANTITIES.map((kind) => [kind.pattern.source, kind]));

/** The kind of quantity that a schema node describes, recognized by its pattern. */
export const quantityOf = (node: JsonSchemaNode): QuantityKind<number> | undefined => BY_PATTERN.get(String(node["pattern"]));

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return "array";
  return value === null ? "null" : typeof value;
};

const fits = (node: JsonSchemaNode, value: unknown): boolean => {
  const type = typeOf(value);
  return node["type"] === type || (node["type"] === "integer" && type === "number");
};

const discriminatorOf = (node: JsonSchemaNode): string => (node["required"] as ReadonlyArray<string>)[0]!;

const wrongType = (node: JsonSchemaNode, branches: ReadonlyArray<JsonSchemaNode>, value: unknown, path: Path): Fault => {
  const kind = branches.map(quantityOf).find((each) => each !== undefined);
  const keys = branches.filter((branch) => branch["type"] === "object").map(discriminatorOf);
  const or = keys.length > 1 ? `; or a mapping with one of: ${keys.join(", ")}` : "";
  if (kind !== undefined) return { path, constraint: `must be ${kind.noun}`, value, hint: `${kind.hint}${or}` };
  const expected = branches.some((branch) => branch["type"] === "string") ? "must be a text or a mapping" : "must be a mapping";
  return { path, constraint: expected, value, hint: String(node["description"]) };
};

const byKey = (branches: ReadonlyArray<JsonSchemaNode>, value: { readonly [key: string]: unknown }, path: Path): JsonSchemaNode | Fault => {
  const keys = Object.keys(value);
  const known = branches.map(discriminatorOf);
  const [first, second] = branches.filter((branch) => keys.includes(discriminatorOf(branch)));
  if (first !== undefined && second === undefined) return first;
  const all = `one of: ${known.join(", ")}`;
  if (first !== undefined) return { path, constraint: "must have only one key", value: keys, hint: all };
  if (keys.length !== 1) return { path, constraint: "must have exactly one key", value: keys, hint: all };
  const hint = suggest(keys[0]!, known);
  return {
    path: [...path, keys[0]!],
    constraint: "unknown key",
    hint: hint === all ? all : `${hint} ${all}`,
    part: "key",
  };
};

/** Tells the fault from the branch. */
export const isFault = (chosen: JsonSchemaNode | Fault): chosen is Fault => "constraint" in chosen;

/** The one branch of a union that a value is meant to be, by its type and its only known key; or the reason why there is none. */
export const chooseBranch = (
  union: { readonly node: JsonSchemaNode; readonly branches: ReadonlyArray<JsonSchemaNode> },
  value: unknown,
  path: Path,
): JsonSchemaNode | Fault => {
  const candidates = union.branches.filter((branch) => fits(branch, value));
  if (candidates.length === 0) return wrongType(union.node, union.branches, value, path);
  return candidates.length === 1 || !isMapping(value) ? candidates[0]! : byKey(candidates, value, path);
};
