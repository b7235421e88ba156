import * as Effect from "effect/Effect";
import type { DecodeScenarioOptions, LoadedScenario } from "./decodeScenario.ts";
import { decodeScenario } from "./decodeScenario.ts";
import { readSource } from "./load/readSource.ts";
import { Unreadable } from "./load/Source.ts";
import { placeFault, ScenarioFault } from "./ScenarioFault.ts";

/** Reads a scenario file (.ts, .mts, .js, .mjs, .yaml, .yml, .json), applies overrides, checks it, and turns it into a world. Fails with all faults at once. */
export const loadScenario = (file: string, options: DecodeScenarioOptions = {}): Effect.Effect<LoadedScenario, ScenarioFault> =>
  Effect.flatMap(
    Effect.promise(() => readSource(file)),
    (read) => {
      const loaded = read instanceof Unreadable ? unreadable(file, read) : decodeScenario(read, options);
      return loaded instanceof ScenarioFault ? Effect.fail(loaded) : Effect.succeed(loaded);
    },
  );

const unreadable = (file: string, { faults }: Unreadable): ScenarioFault =>
  new ScenarioFault({
    file,
    faults: faults.map((fault) => placeFault(fault, { name: file, position: fault.position })),
  });
