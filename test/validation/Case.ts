/** What is compared: one closed form and its name. */
export interface Quantity {
  /** With its unit, such as "mean queue wait, ms". */
  readonly name: string;
  readonly closedForm: number;
  /** Known error of the closed form itself, absolute, >= 0; 0 unless told. The verdict allows it on top of the interval. */
  readonly allowance?: number;
}

/** Which independent run, and how long. */
export interface Run {
  readonly seed: number;
  /** From 0. */
  readonly replication: number;
  /** Requests expected in the run, warm-up included. */
  readonly requests: number;
}

/** "long": a queue without bound that is nearly full most of the time, whose averages need the longest runs. */
export type Effort = "short" | "medium" | "long";

/** One model at one utilization. */
export interface Case {
  readonly model: string;
  /** The point: "0.8" for a utilization, or what stands in for it, such as a cache size. */
  readonly at: string;
  /** How slowly averages settle. */
  readonly effort: Effort;
  readonly quantities: ReadonlyArray<Quantity>;
  /** One simulated run: one value per quantity, in their order. */
  readonly replicate: (run: Run) => Promise<ReadonlyArray<number>>;
}

/** Where every model is asked, and how hard that is where the queue has no bound. */
export const POINTS: ReadonlyArray<readonly [utilization: number, unbounded: Effort]> = [
  [0.5, "short"],
  [0.8, "medium"],
  [0.95, "long"],
];

export const UTILIZATIONS: ReadonlyArray<number> = POINTS.map(([utilization]) => utilization);
