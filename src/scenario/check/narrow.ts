import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { chooseBranch, isFault } from "./chooseBranch.ts";
import type { Fault } from "./Fault.ts";
import type { Path } from "./Path.ts";
import { isMapping } from "./Path.ts";

type Properties = { readonly [key: string]: JsonSchemaNode };

const DEFINITION = "#/$defs/";

/**
 * Cuts a schema down to one value: references are followed and each union is replaced by the one branch that the value is meant to be, so that
 * a validator reports that branch alone. Where no branch fits, it says so in `faults` and lets anything pass.
 */
export const narrow = (
  schema: JsonSchemaNode,
  root: unknown,
): { readonly schema: JsonSchemaNode; readonly faults: ReadonlyArray<Fault> } => {
  const faults: Array<Fault> = [];
  const definitions = (schema["$defs"] ?? {}) as Properties;

  const resolve = (node: JsonSchemaNode): JsonSchemaNode => {
    const reference = node["$ref"];
    return typeof reference === "string"
      ? resolve(definitions[reference.slice(DEFINITION.length)]!)
      : node;
  };

  const branchesOf = (node: JsonSchemaNode): ReadonlyArray<JsonSchemaNode> => {
    const branches = resolve(node)["anyOf"] as ReadonlyArray<JsonSchemaNode> | undefined;
    return branches === undefined ? [resolve(node)] : branches.flatMap(branchesOf);
  };

  const visit = (unresolved: JsonSchemaNode, value: unknown, path: Path): JsonSchemaNode => {
    const node = resolve(unresolved);
    if (node["anyOf"] !== undefined) {
      const chosen = chooseBranch({ node, branches: branchesOf(node) }, value, path);
      if (!isFault(chosen))
        return visit({ description: node["description"] ?? "", ...chosen }, value, path);
      faults.push(chosen);
      return {};
    }
    if (node["type"] === "object")
      return isMapping(value)
        ? mapping(node, value, path)
        : { type: "object", description: node["description"] };
    if (node["type"] === "array") {
      return Array.isArray(value)
        ? list(node, value, path)
        : { type: "array", description: node["description"] };
    }
    return node;
  };

  const mapping = (
    node: JsonSchemaNode,
    value: { readonly [key: string]: unknown },
    path: Path,
  ): JsonSchemaNode => {
    const known = (node["properties"] ?? {}) as Properties;
    const others = node["additionalProperties"];
    const properties: Array<readonly [string, JsonSchemaNode]> = Object.entries(known)
      .filter(([key]) => !Object.hasOwn(value, key))
      .map(([key, child]) => [key, { description: resolve(child)["description"] ?? "" }] as const);
    for (const [key, member] of Object.entries(value)) {
      const child = Object.hasOwn(known, key) ? known[key]! : others;
      if (isMapping(child)) properties.push([key, visit(child, member, [...path, key])]);
    }
    return {
      ...node,
      properties: Object.fromEntries(properties),
      additionalProperties: isMapping(others) ? true : (others ?? true),
    };
  };

  const list = (
    node: JsonSchemaNode,
    value: ReadonlyArray<unknown>,
    path: Path,
  ): JsonSchemaNode => {
    const { prefixItems, items, ...rest } = node;
    const leading = (prefixItems ?? []) as ReadonlyArray<JsonSchemaNode>;
    if (leading.length === 0 && isMapping(items) && isSimple(items)) return node;
    const narrowed = value.flatMap((member, i) => {
      const child = leading[i] ?? items;
      return isMapping(child) ? [visit(child, member, [...path, i])] : [];
    });
    return narrowed.length === 0 ? rest : { ...rest, prefixItems: narrowed };
  };

  return { schema: visit(schema, root, []), faults };
};

/** Whether a schema has neither references nor unions. */
const isSimple = (node: unknown): boolean => {
  if (Array.isArray(node)) return node.every(isSimple);
  if (!isMapping(node)) return true;
  return !("$ref" in node) && !("anyOf" in node) && Object.values(node).every(isSimple);
};
