import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { isMapping } from "./Path.ts";

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  meta: false,
  validateSchema: false,
  code: { optimize: false },
});

/** Keywords that say something about a value itself; those about its members are checked member by member. */
const OWN = [
  "type",
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "propertyNames",
  "required",
];

const ownPart = (node: JsonSchemaNode): JsonSchemaNode => {
  const own = Object.fromEntries(OWN.filter((keyword) => keyword in node).map((keyword) => [keyword, node[keyword]]));
  if (node["additionalProperties"] !== false) return own;
  const known = isMapping(node["properties"]) ? Object.keys(node["properties"]) : [];
  return {
    ...own,
    properties: Object.fromEntries(known.map((key) => [key, true])),
    additionalProperties: false,
  };
};

/** Validators by the text of what they check: as many as the scenario schema has different nodes, at most. */
const validators = new Map<string, ValidateFunction>();

/** What is wrong with a value itself, its members aside, by a schema node without references and unions. */
export const validateNode = (node: JsonSchemaNode, value: unknown): ReadonlyArray<ErrorObject> => {
  const own = ownPart(node);
  const text = JSON.stringify(own);
  let validate = validators.get(text);
  if (validate === undefined) {
    validate = ajv.compile(own);
    validators.set(text, validate);
  }
  return validate(value) ? [] : (validate.errors ?? []);
};
