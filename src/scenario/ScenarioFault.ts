import * as Data from "effect/Data";
import * as Runtime from "effect/Runtime";
import type { Fault } from "./check/Fault.ts";
import { showValue } from "./check/Fault.ts";
import { formatPath } from "./check/Path.ts";
import type { Position } from "./load/Source.ts";

/** One fault and where it is. */
export interface PlacedFault {
  /** `file:line:column`, or `file` alone where the file could not be read, or `--set path`. */
  readonly place: string;
  readonly position?: Position;
  /** As `traffic.chat.prompt`; empty for the scenario as a whole. */
  readonly path: string;
  readonly constraint: string;
  readonly value?: string;
  readonly hint?: string;
  /** All of it: `place path constraint (value): hint`. */
  readonly text: string;
}

/** Exit code of invalid scenarios and arguments. */
export const INVALID_SCENARIO_EXIT_CODE = 104;

/** All that is wrong with a scenario file. */
export class ScenarioFault extends Data.TaggedError("ScenarioFault")<{
  readonly file: string;
  readonly faults: ReadonlyArray<PlacedFault>;
}> {
  override readonly [Runtime.errorExitCode] = INVALID_SCENARIO_EXIT_CODE;

  /** One line per fault. */
  override get message(): string {
    return this.faults.map(({ text }) => text).join("\n");
  }
}

/** Joins a fault with its place. */
export const placeFault = (fault: Fault, place: { readonly name: string; readonly position?: Position | undefined }): PlacedFault => {
  const { position } = place;
  const where = position === undefined ? place.name : `${place.name}:${position.line}:${position.column}`;
  const path = formatPath(fault.path);
  const value = fault.value === undefined ? undefined : showValue(fault.value);
  const parts = [where, path, fault.constraint, value === undefined ? "" : `(${value})`];
  const hint = fault.hint === undefined || fault.hint === "" ? "" : `: ${fault.hint}`;
  return {
    place: where,
    ...(position === undefined ? {} : { position }),
    path,
    constraint: fault.constraint,
    ...(value === undefined ? {} : { value }),
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    text: parts.filter((part) => part !== "").join(" ") + hint,
  };
};

/** Faults in the order of the file, without repetitions; those of settings last. */
export const sortFaults = (faults: ReadonlyArray<PlacedFault>): ReadonlyArray<PlacedFault> => {
  const unique = new Map(faults.map((fault) => [fault.text, fault]));
  const key = ({ position }: PlacedFault): number => (position === undefined ? Infinity : position.line * 1e6 + position.column);
  return [...unique.values()].toSorted((one, other) => (key(one) === key(other) ? 0 : key(one) - key(other)));
};
