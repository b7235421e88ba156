import { expect, test } from "vitest";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { PoolSpec } from "../../src/serving/ServingSpec.ts";

/** A pair that no measurement covers. */
const ROOFLINE = { gpu: "H100", model: "mistral-7b" };
const MEASURED = { gpu: "H100", model: "llama-3.1-8b" };

const decode = (fleet: object, gateway: object = {}): ReadonlyArray<PoolSpec> | string => {
  const authored = {
    name: "late",
    horizon: "10s",
    traffic: { chat: { arrivals: { poisson: { rate: "1/s" } }, prompt: 100, output: 10 } },
    fleet,
    gateway,
  } as unknown as ScenarioInput;
  const decoded = decodeScenario(sourceOf(authored));
  return decoded instanceof ScenarioFault ? decoded.message : decoded.world.fleet;
};

const overhead = (pool: object): unknown => {
  const pools = decode({ main: pool });
  if (typeof pools === "string") throw new Error(pools);
  return pools[0]!.requestOverhead;
};

test.each([
  ["a roofline -> as its factors were fitted", ROOFLINE, { perRequestMs: 26.2, perPromptTokenMs: 0.00216 }],
  ["another engine's", { ...ROOFLINE, engine: { name: "sglang" } }, { perRequestMs: 165, perPromptTokenMs: 0.00216 }],
  ["measured operations -> none", MEASURED, undefined],
  ["steps of its own -> none", { ...ROOFLINE, engine: { step: { a: 10 } } }, undefined],
  [
    "steps of its own and an overhead -> as stated",
    { ...MEASURED, engine: { step: { a: 10 }, requestOverhead: { perPromptToken: "0.002ms" } } },
    { perRequestMs: 0, perPromptTokenMs: 0.002 },
  ],
  [
    "a roofline and an overhead -> as stated, not both",
    { ...ROOFLINE, engine: { requestOverhead: { perRequest: "0.01s" } } },
    { perRequestMs: 10, perPromptTokenMs: 0 },
  ],
  ["0 -> none", { ...ROOFLINE, engine: { requestOverhead: { perRequest: "0ms" } } }, undefined],
  ["a front end -> in place of the default", { ...ROOFLINE, frontend: { cores: 4 } }, undefined],
  [
    "a front end and an overhead -> both",
    { ...ROOFLINE, frontend: { cores: 4 }, engine: { requestOverhead: { perRequest: "3ms" } } },
    { perRequestMs: 3, perPromptTokenMs: 0 },
  ],
])("time before the engine: %s", (_, pool, expected) => expect(overhead(pool)).toEqual(expected));

test("prefill and decode apart -> the prefill pool has it; stated for the decode pool -> a fault", () => {
  const apart = (answers: object) =>
    decode(
      { prompts: { ...ROOFLINE, role: "prefill" }, answers: { ...ROOFLINE, role: "decode", ...answers } },
      { disaggregation: { link: { bandwidth: "50GB/s" } } },
    );
  const pools = apart({});
  if (typeof pools === "string") throw new Error(pools);
  expect(pools.map(({ requestOverhead }) => requestOverhead?.perRequestMs)).toEqual([26.2, undefined]);
  expect(apart({ engine: { requestOverhead: { perRequest: "5ms" } } })).toMatch(
    /fleet\.answers\.engine\.requestOverhead must not be together with role decode: it passes once/u,
  );
});

test.each([
  ["negative", { perRequest: "-5ms" }, /requestOverhead\.perRequest must be a duration/u],
  ["without a unit", { perRequest: 26 }, /requestOverhead\.perRequest must be a duration/u],
  ["no duration", { perPromptToken: "2 tokens" }, /requestOverhead\.perPromptToken must be a duration/u],
  ["an unknown key", { perToken: "2ms" }, /requestOverhead\.perToken unknown key.*perPromptToken/u],
  ["no object", "26ms", /requestOverhead must be/u],
])("time before the engine: %s -> a fault at its place", (_, requestOverhead, message) => {
  expect(decode({ main: { ...ROOFLINE, engine: { requestOverhead } } })).toMatch(message);
});

test("a station -> a fault, as for all of engine", () => {
  expect(decode({ main: { station: { service: { fixed: "1ms" } }, engine: { requestOverhead: { perRequest: "5ms" } } } })).toMatch(
    /fleet\.main\.engine must not be together with station/u,
  );
});
