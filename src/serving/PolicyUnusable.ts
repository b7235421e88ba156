import * as Data from "effect/Data";

/** A policy of a scenario file's own that nothing can be decided by: its input is at fault, not the simulator. */
export class PolicyUnusable extends Data.TaggedError("PolicyUnusable")<{ readonly message: string }> {}
