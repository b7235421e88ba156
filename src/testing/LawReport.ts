import type { TimelineEntry } from "./Laboratory.ts";

export interface Counterexample {
  readonly timeline: ReadonlyArray<TimelineEntry>;
  /** What the law expects at the end of the timeline. */
  readonly expected: string;
  readonly operations: number;
  readonly seed: number;
  readonly path: string;
  readonly replayPath: string;
  /** Histories until the first violation, shrinking apart. */
  readonly run: number;
  readonly shrinks: number;
}

export interface LawReport {
  readonly law: string;
  readonly title: string;
  readonly target: string;
  readonly runs: number;
  readonly counterexample?: Counterexample;
}
