/** How an attempt is answered more cheaply. */
export type DegradedAnswer =
  /** The answer is cut to this share, 0..1. */
  | { readonly kind: "shorter"; readonly outputRatio: number }
  /** By the replicas of this pool, which get nothing else. */
  | { readonly kind: "smallerModel"; readonly pool: string }
  /** From the result cache if it holds the content, however old; else as asked. */
  | { readonly kind: "cached" }
  /** At once, with a fixed text of so many tokens. */
  | { readonly kind: "canned"; readonly tokens: number };

export interface DegradedLevel {
  readonly answer: DegradedAnswer;
  /** Values of the signal: a number of attempts, or ms. */
  readonly enterAt: number;
  readonly leaveBelow: number;
}

/** Cheaper answers under load. */
export interface BrownoutSpec {
  /** Attempts in the gateway's queue, the wait of the oldest of them in ms, or attempts between here and their answer. */
  readonly signal: "queueLength" | "queueWait" | "inFlight";
  /** From mild to severe. */
  readonly levels: ReadonlyArray<DegradedLevel>;
  readonly minimumDwellMs: number;
}

/** Pools that a scenario keeps for smaller models, in the order of their first level. */
export const smallerPoolsOf = ({ levels }: BrownoutSpec): ReadonlyArray<string> => [
  ...new Set(levels.flatMap(({ answer }) => (answer.kind === "smallerModel" ? [answer.pool] : []))),
];
