import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonSchemaNode } from "../scenarioJsonSchema.ts";
import { scenarioJsonSchema } from "../scenarioJsonSchema.ts";
import { describeFailure } from "./describeFailure.ts";
import type { Fault } from "./Fault.ts";
import { narrow } from "./narrow.ts";
import { pathOfPointer } from "./Path.ts";

/** Checks an authored scenario against the JSON Schema: keys, types, texts of quantities, bounds of plain numbers. All faults at once. */
export const checkStructure = (authored: unknown): ReadonlyArray<Fault> => {
  const narrowed = narrow(scenarioJsonSchema(), authored);
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTuples: false,
    strictTypes: false,
    meta: false,
    validateSchema: false,
  });
  const validate = ajv.compile(withoutHead(narrowed.schema));
  if (validate(authored)) return narrowed.faults;
  const failures = (validate.errors ?? []).flatMap((error) => {
    const fault = describeFailure(error, pathOfPointer(error.instancePath, authored));
    return fault === undefined ? [] : [fault];
  });
  return [...narrowed.faults, ...failures];
};

/** What names the schema as a whole and holds its definitions, which a narrowed schema no longer refers to. */
const HEAD = new Set(["$schema", "$id", "$defs"]);

const withoutHead = (schema: JsonSchemaNode): JsonSchemaNode => Object.fromEntries(Object.entries(schema).filter(([keyword]) => !HEAD.has(keyword)));
