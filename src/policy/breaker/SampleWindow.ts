/** The judgments that a closed breaker goes by: each good or bad. Times are whole microseconds and never decrease. */
export interface SampleWindow {
  /** Samples as of the last `add` or `advance`. */
  total: number;
  bad: number;
  add(bad: boolean, nowUs: number): void;
  /** Forgets what has left the window by now. */
  advance(nowUs: number): void;
  clear(): void;
  /** The samples, oldest first, without absolute times; what `load` takes. */
  dump(nowUs: number): SampleDump;
  /** Into an empty window. */
  load(dump: SampleDump, nowUs: number): void;
}

/** Groups of samples of one age. */
export type SampleDump = ReadonlyArray<SampleGroup>;

export interface SampleGroup {
  /** Of its bucket's beginning; 0 in windows that do not count time. */
  readonly ageUs: number;
  readonly total: number;
  readonly bad: number;
}
