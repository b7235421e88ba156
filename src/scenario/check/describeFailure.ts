import type { ErrorObject } from "ajv";
import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { NAME_PATTERN, SCENARIO_NAME_PATTERN } from "../schema/PlainSchema.ts";
import { PERCENTILE_PATTERN } from "../schema/Distribution.ts";
import { quantityOf } from "./chooseBranch.ts";
import type { Fault } from "./Fault.ts";
import { nearest, suggest } from "./nearest.ts";
import type { Path } from "./Path.ts";

/** A keyword of a schema node that does not hold for a value. */
export interface Failure {
  readonly error: ErrorObject;
  readonly node: JsonSchemaNode;
  readonly value: unknown;
  readonly path: Path;
  /** The description of a member of the node. */
  readonly descriptionOf: (key: string) => unknown;
}

type Describe = (failure: Failure) => Fault | undefined;

const TYPES: { readonly [type: string]: string } = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  array: "a list",
};

const hintOf = (node: JsonSchemaNode): { readonly hint?: string } => {
  const description = node["description"];
  return typeof description === "string" && description !== "" ? { hint: description } : {};
};

const limit =
  (words: string): Describe =>
  ({ error, path, node, value }) => ({
    path,
    constraint: `must be ${words} ${String(error.params["limit"])}`,
    value,
    ...hintOf(node),
  });

const size =
  (words: string, thing: string): Describe =>
  ({ error, path, node, value }) => {
    const bound = Number(error.params["limit"]);
    const things = bound === 1 ? thing : `${thing}s`.replace("entrys", "entries");
    return {
      path,
      constraint: `must have ${words} ${bound} ${things}`,
      value,
      ...hintOf(node),
    };
  };

const wrongKind: Describe = ({ error, path, node, value }) => {
  const kind = quantityOf(node);
  if (kind !== undefined) return { path, constraint: `must be ${kind.noun}`, value, hint: kind.hint };
  if (node["pattern"] === SCENARIO_NAME_PATTERN.source) return { path, constraint: "must be a name", value, ...hintOf(node) };
  const type = TYPES[String(error.params["type"])];
  const constraint = type === undefined ? `must match ${String(error.params["pattern"])}` : `must be ${type}`;
  return { path, constraint, value, ...hintOf(node) };
};

const knownKeys = (node: JsonSchemaNode): ReadonlyArray<string> =>
  Object.keys((node["properties"] ?? {}) as object).filter((key) => key !== "$schema");

const wrongName: Describe = ({ error, path }) => {
  const key = error.propertyName;
  if (key === undefined) return undefined;
  const known: { readonly [pattern: string]: readonly [constraint: string, hint: string] } = {
    [NAME_PATTERN.source]: ["must be a name", "letters, digits, dashes and underscores, beginning with a letter"],
    [PERCENTILE_PATTERN.source]: ["must be a percentile", "as p0, p50, p99.9, p100"],
  };
  const [constraint, hint] = known[String(error.params["pattern"])] ?? ["must be a known key", ""];
  return { path: [...path, key], constraint, value: key, hint, part: "key" };
};

const BY_KEYWORD: { readonly [keyword: string]: Describe } = {
  type: wrongKind,
  pattern: wrongKind,
  minimum: limit("at least"),
  maximum: limit("at most"),
  exclusiveMinimum: limit("above"),
  minItems: size("at least", "entry"),
  maxItems: size("at most", "entry"),
  minProperties: size("at least", "entry"),
  minLength: ({ path, node, value }) => ({
    path,
    constraint: "must not be empty",
    value,
    ...hintOf(node),
  }),
  required: ({ error, path, descriptionOf }) => {
    const key = String(error.params["missingProperty"]);
    return {
      path: [...path, key],
      constraint: "is missing",
      ...hintOf({ description: descriptionOf(key) }),
    };
  },
  additionalProperties: ({ error, path, node }) => {
    const key = String(error.params["additionalProperty"]);
    const hint = suggest(key, knownKeys(node));
    return { path: [...path, key], constraint: "unknown key", hint, part: "key", harmless: true };
  },
  enum: ({ error, path, value }) => {
    const words = error.params["allowedValues"] as ReadonlyArray<string>;
    const near = nearest(String(value), words);
    return {
      path,
      constraint: `must be one of ${words.join(", ")}`,
      value,
      ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }),
    };
  },
  propertyNames: () => undefined,
};

/** Says in words what a failure means; undefined for failures that only repeat another one. */
export const describeFailure = (failure: Failure): Fault | undefined => {
  const { error, path, value } = failure;
  if (error.propertyName !== undefined) return error.keyword === "pattern" ? wrongName(failure) : undefined;
  const describe = BY_KEYWORD[error.keyword];
  return describe === undefined ? { path, constraint: error.message ?? error.keyword, value } : describe(failure);
};
