import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

export interface ConcurrencySpec {
  /** Weight in flight at once. */
  readonly limit: number;
  /** A holder that did not release by then has lost its permit. */
  readonly leaseMs: number;
}

export interface ConcurrencyUnderTest {
  /** A permit, or undefined when there is no room. Throws for a weight that means nothing. */
  readonly acquire: (weight: number) => number | undefined;
  /** Whether it was still held. */
  readonly release: (permit: number) => boolean;
  readonly reconfigure: (limit: number) => void;
}

/** What the kit needs to know to try out a limit of what is in flight. */
export interface ConcurrencyAdapter {
  readonly family: "concurrency";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly spec: ConcurrencySpec;
  readonly make: (spec: ConcurrencySpec, laboratory: Laboratory) => ConcurrencyUnderTest;
}
