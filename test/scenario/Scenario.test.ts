import { expect, it } from "vitest";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { scenario } from "../../src/scenario/Scenario.ts";

const chat = { arrivals: { poisson: { rate: "40/s" } }, prompt: 512, output: "2k" } as const;
const base = {
  name: "types",
  horizon: "1h",
  fleet: { main: { gpu: "H100", model: "llama-3.1-8b" } },
} as const;

it("scenario: plain literals, computed quantities and spreads -> compile, and come back as they are", () => {
  const perSecond = 5 * 8;
  const authored: ScenarioInput = {
    ...base,
    traffic: {
      chat: { ...chat, arrivals: { poisson: { rate: `${perSecond}/s` } }, slo: { ttft: "2s" } },
    },
  };
  expect(scenario(authored)).toBe(authored);
});

it("scenario: mistakes -> refused by the compiler", () => {
  const two = { poisson: { rate: "1/s" }, gamma: { rate: "1/s", cv: 2 } } as const;
  const bare = { poisson: { rate: "40" } } as const;
  const mistakes = [
    // @ts-expect-error a key that is not there
    () => scenario({ ...base, traffic: { chat: { ...chat, promt: 5 } } }),
    // @ts-expect-error a duration without unit
    () => scenario({ ...base, horizon: 60, traffic: { chat } }),
    // @ts-expect-error a rate that is no rate
    () => scenario({ ...base, traffic: { chat: { ...chat, arrivals: bare } } }),
    // @ts-expect-error two kinds of arrivals at once
    () => scenario({ ...base, traffic: { chat: { ...chat, arrivals: two } } }),
    // @ts-expect-error a router that is not there
    () => scenario({ ...base, traffic: { chat }, gateway: { router: "mostConnections" } }),
    // @ts-expect-error a missing part
    () => scenario({ name: "x", horizon: "1h", traffic: { chat } }),
  ];
  expect(mistakes).toHaveLength(6);
});
