import { expect, test } from "vitest";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { burst, run, small } from "../serving/SmallWorld.ts";

type Engine = ScenarioInput["fleet"][string]["engine"];

/** Step times of this pair are fitted up to 256 sequences and 400,000 KV tokens. */
const warningsOf = async (users: number, engine: Engine): Promise<string> => {
  const chat = burst(users, { prompt: 20, output: 40 });
  const fleet = { gpu: { gpu: "H100", model: "llama-3.1-8b", engine: { maxSequences: 512, ...engine } } } as const;
  return (await run(small(chat, { fleet }))).result.warnings.join("\n");
};

test("domain of the step times: inside -> no warning of the run; more sequences -> how many there were", async () => {
  expect(await warningsOf(200, {})).not.toContain("the run reached");
  expect(await warningsOf(300, {})).toContain("the run reached 300 sequences in a step, step times are fitted up to 256");
});

test("domain of the step times: drafted tokens count as sequences", async () => {
  const speculative = { tokens: 3, acceptance: 0.5 };
  expect(await warningsOf(100, { speculative })).toContain("the run reached 400 sequences and drafted tokens in a step");
});
