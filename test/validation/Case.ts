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

/** One model at one utilization. */
export interface Case {
  readonly model: string;
  /** The point: "0.8" for a utilization, or what stands in for it, such as a cache size. */
  readonly at: string;
  /** 0..1: how hard the case is to estimate; longer runs for higher ones. */
  readonly utilization: number;
  readonly quantities: ReadonlyArray<Quantity>;
  /** One simulated run: one value per quantity, in their order. */
  readonly replicate: (run: Run) => Promise<ReadonlyArray<number>>;
}

/** Where every model is asked. */
export const UTILIZATIONS: ReadonlyArray<number> = [0.5, 0.8, 0.95];
