import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { checkStructure } from "../../src/scenario/check/checkStructure.ts";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { JsonSchemaNode } from "../../src/scenario/scenarioJsonSchema.ts";
import { scenarioJsonSchema } from "../../src/scenario/scenarioJsonSchema.ts";
import { VALID } from "./fixtures.ts";

const ajv = new Ajv2020({ strict: true, strictTuples: false, allErrors: false });
const validate = ajv.compile(scenarioJsonSchema());
const full = (): { [key: string]: unknown } => parse(readFileSync(`${VALID}/full.yaml`, "utf8")) as { [key: string]: unknown };

it("JSON Schema: compiled by ajv 2020 in strict mode -> valid, with $schema, $id and title", () => {
  expect(ajv.validateSchema(scenarioJsonSchema())).toBe(true);
  expect(scenarioJsonSchema()).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: expect.stringContaining("scenario"),
    title: "Spillway scenario",
  });
});

it("JSON Schema: full scenario -> accepted; a wrong one -> refused", () => {
  expect(validate(full())).toBe(true);
  expect(validate({ ...full(), horizon: 5 })).toBe(false);
});

/** All nodes of the schema that describe a member of an object. */
const members = (node: unknown): ReadonlyArray<readonly [name: string, member: JsonSchemaNode]> => {
  if (Array.isArray(node)) return node.flatMap(members);
  if (typeof node !== "object" || node === null) return [];
  const { properties } = node as {
    readonly properties?: { readonly [name: string]: JsonSchemaNode };
  };
  return [...Object.entries(properties ?? {}), ...Object.values(node).flatMap(members)];
};

it("JSON Schema: every member -> has a description, or is a shape of a union", () => {
  const definitions = scenarioJsonSchema()["$defs"] as { readonly [name: string]: JsonSchemaNode };
  const bare = members(scenarioJsonSchema()).filter(([, member]) => {
    const reference = member["$ref"];
    const node = typeof reference === "string" ? definitions[reference.slice("#/$defs/".length)]! : member;
    return node["description"] === undefined;
  });
  const shapes = ["exponential", "geometric", "lognormal", "gamma", "weibull", "pareto"];
  expect([...new Set(bare.map(([name]) => name))].filter((name) => !shapes.includes(name))).toEqual(["prefixAffinity"]);
});

it("JSON Schema: defaults and examples -> valid themselves", () => {
  const definitions = scenarioJsonSchema()["$defs"];
  const checked = new Set<string>();
  for (const [name, { description: _, ...member }] of members(scenarioJsonSchema())) {
    if (checked.has(JSON.stringify(member))) continue;
    checked.add(JSON.stringify(member));
    const { default: absent, examples = [] } = member as {
      readonly default?: unknown;
      readonly examples?: ReadonlyArray<unknown>;
    };
    const values = [...examples, ...(absent === undefined ? [] : [absent])];
    if (values.length === 0) continue;
    const check = ajv.compile({ ...member, $defs: definitions });
    for (const value of values) expect(check(value), `${name}: ${JSON.stringify(value)}`).toBe(true);
  }
  expect(checked.size).toBeGreaterThan(50);
});

const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    "",
    "x",
    "5",
    "-1/s",
    "0s",
    "0/s",
    "2h",
    "40/s",
    0,
    -1,
    1.5,
    1e300,
    "1e9",
    [],
    {},
    [[]],
    { x: 1 },
    ["1s"],
    "__proto__",
  ),
  fc.constantFrom<unknown>({ fixed: "2s" }, { uniform: [1] }, { mixture: [] }, { poisson: {}, gamma: {} }, { closed: 5 }, [
    { square: null },
  ]),
);

/** A change of the full scenario: follow the picks down to some member, then replace, remove or add. */
const mutations = fc.array(
  fc.record({
    picks: fc.array(fc.nat(), { maxLength: 7 }),
    how: fc.constantFrom("replace", "remove", "add"),
    value: odd,
  }),
  { minLength: 1, maxLength: 3 },
);

type Mutation = {
  readonly picks: ReadonlyArray<number>;
  readonly how: string;
  readonly value: unknown;
};

const mutate = (root: { [key: string]: unknown }, { picks, how, value }: Mutation): void => {
  let holder = root;
  let key = "name";
  for (const pick of picks) {
    const keys = Object.keys(holder);
    if (keys.length === 0) break;
    key = keys[pick % keys.length]!;
    const next = holder[key];
    if (typeof next !== "object" || next === null) break;
    if (pick % 5 === 0) break;
    holder = next as { [key: string]: unknown };
    key = Object.keys(holder)[0] ?? "extra";
  }
  if (how === "add") holder["extra"] = value;
  else if (how === "remove" && !Array.isArray(holder)) delete holder[key];
  else holder[key] = value;
};

it("random damage: structural check -> agrees with the whole schema, and decoding never throws", () => {
  let refused = 0;
  fc.assert(
    fc.property(mutations, (changes) => {
      const authored = full();
      for (const change of changes) mutate(authored, structuredClone(change));
      const faults = checkStructure(authored);
      const decoded = decodeScenario(sourceOf(authored), { fileExists: () => true });
      refused += decoded instanceof ScenarioFault ? 1 : 0;
      expect(faults.length === 0).toBe(validate(authored));
      expect(faults.length > 0 && !(decoded instanceof ScenarioFault)).toBe(false);
      expect(decoded instanceof ScenarioFault ? decoded.message : "").not.toMatch(/undefined|\[object/u);
    }),
    { numRuns: 250 },
  );
  expect(refused).toBeGreaterThan(100);
}, 60_000);
