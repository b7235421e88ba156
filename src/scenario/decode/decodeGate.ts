import type { Gate } from "../../experiment/Gate.ts";
import { gateSubjects, isGateFault, parseGate } from "../../experiment/Gate.ts";
import { suggest } from "../check/nearest.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { At, Decoding } from "./Decoding.ts";

/** Parses a gate and checks that the classes and pools that it names are there. */
export const decodeGate = (decoding: Decoding, { value, path }: At<string>, scenario: ScenarioInput): Gate | undefined => {
  const gate = parseGate(value);
  if (isGateFault(gate)) {
    decoding.reject({
      path,
      constraint: gate.constraint,
      value: gate.value,
      hint: gate.hint,
      offset: gate.column - 1,
    });
    return undefined;
  }
  const { classes, pools } = gateSubjects(gate);
  const check = (names: ReadonlyArray<string>, known: ReadonlyArray<string>, what: string): void => {
    for (const name of names.filter((each) => !known.includes(each))) {
      const offset = Math.max(0, value.indexOf(name));
      decoding.reject({
        path,
        constraint: `must name ${what}`,
        value: name,
        hint: suggest(name, known),
        offset,
      });
    }
  };
  check(classes, Object.keys(scenario.traffic), "a traffic class");
  check(pools, Object.keys(scenario.fleet), "a pool of the fleet");
  return gate;
};
