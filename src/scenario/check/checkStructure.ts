import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { scenarioJsonSchema } from "../scenarioJsonSchema.ts";
import { chooseBranch, isFault } from "./chooseBranch.ts";
import { describeFailure } from "./describeFailure.ts";
import type { Fault } from "./Fault.ts";
import type { Path } from "./Path.ts";
import { isMapping } from "./Path.ts";
import { validateNode } from "./validateNode.ts";

/**
 * Checks an authored scenario against the JSON Schema: keys, types, texts of quantities, bounds of plain numbers. All faults at once.
 * Schema and scenario are walked together. Of each union only the branch is checked that the value is meant to be, so that no fault of another
 * branch is reported.
 */
export const checkStructure = (authored: unknown): ReadonlyArray<Fault> => {
  const walk = new Walk(scenarioJsonSchema());
  walk.visit(scenarioJsonSchema(), authored, []);
  return walk.faults;
};

type Properties = { readonly [key: string]: JsonSchemaNode };

const DEFINITION = "#/$defs/";

class Walk {
  readonly faults: Array<Fault> = [];
  declare private readonly definitions: Properties;

  constructor(schema: JsonSchemaNode) {
    this.definitions = (schema["$defs"] ?? {}) as Properties;
  }

  visit(unresolved: JsonSchemaNode, value: unknown, path: Path): void {
    const node = this.resolve(unresolved);
    if (node["anyOf"] !== undefined) {
      const chosen = chooseBranch({ node, branches: this.branchesOf(node) }, value, path);
      if (isFault(chosen)) this.faults.push(chosen);
      else this.visit({ description: node["description"], ...chosen }, value, path);
      return;
    }
    for (const error of validateNode(node, value)) {
      const fault = describeFailure({
        error,
        node,
        value,
        path,
        descriptionOf: (key) => this.descriptionOf(node, key),
      });
      if (fault !== undefined) this.faults.push(fault);
    }
    if (node["type"] === "object" && isMapping(value)) this.visitMembers(node, value, path);
    if (node["type"] === "array" && Array.isArray(value)) this.visitEntries(node, value, path);
  }

  private visitMembers(node: JsonSchemaNode, value: { readonly [key: string]: unknown }, path: Path): void {
    const known = (node["properties"] ?? {}) as Properties;
    const others = node["additionalProperties"];
    for (const [key, member] of Object.entries(value)) {
      const child = Object.hasOwn(known, key) ? known[key] : others;
      if (isMapping(child)) this.visit(child, member, [...path, key]);
    }
  }

  private visitEntries(node: JsonSchemaNode, value: ReadonlyArray<unknown>, path: Path): void {
    const leading = (node["prefixItems"] ?? []) as ReadonlyArray<JsonSchemaNode>;
    for (const [i, entry] of value.entries()) {
      const child = leading[i] ?? node["items"];
      if (isMapping(child)) this.visit(child, entry, [...path, i]);
    }
  }

  private resolve(node: JsonSchemaNode): JsonSchemaNode {
    const reference = node["$ref"];
    return typeof reference === "string" ? this.resolve(this.definitions[reference.slice(DEFINITION.length)]!) : node;
  }

  private branchesOf(node: JsonSchemaNode): ReadonlyArray<JsonSchemaNode> {
    const resolved = this.resolve(node);
    const branches = resolved["anyOf"] as ReadonlyArray<JsonSchemaNode> | undefined;
    return branches === undefined ? [resolved] : branches.flatMap((branch) => this.branchesOf(branch));
  }

  private descriptionOf(node: JsonSchemaNode, key: string): unknown {
    const child = ((node["properties"] ?? {}) as Properties)[key];
    return child === undefined ? undefined : this.resolve(child)["description"];
  }
}
