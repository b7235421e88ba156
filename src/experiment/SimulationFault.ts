import * as Data from "effect/Data";

/** A recorded trace cannot be replayed: the input is at fault. */
export class TraceUnusable extends Data.TaggedError("TraceUnusable")<{
  readonly message: string;
}> {}

/** A policy cannot work with a setting of the scenario, which is found when its world is built: the input is at fault. */
export class SettingUnusable extends Data.TaggedError("SettingUnusable")<{
  readonly message: string;
  /** Dotted, from the policy's name: "codel.targetMs". */
  readonly setting: string;
}> {}

/** The simulation broke one of its own laws, or a component threw: a defect. Repeat it with the seed. */
export class SimulationDefect extends Data.TaggedError("SimulationDefect")<{
  readonly message: string;
  readonly seed: number;
  readonly replication: number;
  readonly atMs: number;
  readonly cause: unknown;
}> {}
