import { readdirSync, readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Cause from "effect/Cause";
import type { DecodeScenarioOptions, LoadedScenario } from "../../src/scenario/decodeScenario.ts";
import { loadScenario } from "../../src/scenario/loadScenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";

export const BAD = "test/fixtures/scenarios/bad";
export const VALID = "test/fixtures/scenarios/valid";

/** Loads a file and gives what comes out, success or typed failure; a defect throws. */
export const load = async (file: string, options: DecodeScenarioOptions = {}): Promise<LoadedScenario | ScenarioFault> => {
  const exit = await Effect.runPromiseExit(loadScenario(file, options));
  if (Exit.isSuccess(exit)) return exit.value;
  const failure = Cause.squash(exit.cause);
  if (failure instanceof ScenarioFault) return failure;
  throw failure;
};

/** Loads a file that must be valid. */
export const loadValid = async (file: string, options: DecodeScenarioOptions = {}): Promise<LoadedScenario> => {
  const loaded = await load(file, options);
  if (loaded instanceof ScenarioFault) throw loaded;
  return loaded;
};

/** Loads a file that must be invalid, and gives the lines of its fault. */
export const faultsOf = async (file: string, options: DecodeScenarioOptions = {}): Promise<ReadonlyArray<string>> => {
  const loaded = await load(file, options);
  return loaded instanceof ScenarioFault ? loaded.message.split("\n") : [];
};

/** The malformed files, each with the text that it should give. */
export const malformed = (): ReadonlyArray<readonly [file: string, expected: string]> =>
  readdirSync(BAD)
    .filter((name) => name.endsWith(".expected"))
    .map((name) => [`${BAD}/${name.slice(0, -".expected".length)}`, readFileSync(`${BAD}/${name}`, "utf8").trimEnd()]);
