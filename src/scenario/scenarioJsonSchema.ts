import * as Schema from "effect/Schema";
import { ScenarioSchema } from "./schema/ScenarioSchema.ts";

/** Any JSON Schema node that is an object. */
export type JsonSchemaNode = { readonly [keyword: string]: unknown };

/** Identifies the schema to editors and validators. */
export const SCENARIO_SCHEMA_ID = "https://spillway.dev/schema/scenario.json";

let built: JsonSchemaNode | undefined;

/** The JSON Schema (draft 2020-12) of scenario files; built once. */
export const scenarioJsonSchema = (): JsonSchemaNode => {
  if (built === undefined) {
    const { schema, definitions } = Schema.toJsonSchemaDocument(ScenarioSchema, {
      onExcessProperty: "error",
    });
    built = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: SCENARIO_SCHEMA_ID,
      ...schema,
      $defs: definitions,
    };
  }
  return built;
};
