import type { Case } from "./Case.ts";
import type { Row } from "./Row.ts";
import { judge } from "./Row.ts";

/** How much is simulated, and how sure the verdict must be. */
export interface Effort {
  readonly seed: number;
  /** Independent runs per case, at least 2. */
  readonly replications: number;
  /** Coverage of the intervals, 0..1. */
  readonly level: number;
  /** Requests of one run at this utilization, warm-up included. */
  readonly requests: (utilization: number) => number;
}

/** Simulates one case and judges each of its quantities. */
export const validate = async (of: Case, effort: Effort): Promise<ReadonlyArray<Row>> => {
  const runs: Array<ReadonlyArray<number>> = [];
  for (let replication = 0; replication < effort.replications; replication++) {
    const requests = effort.requests(of.utilization);
    runs.push(await of.replicate({ seed: effort.seed, replication, requests }));
  }
  return of.quantities.map((quantity, i) =>
    judge({
      model: of.model,
      at: of.at,
      quantity,
      values: runs.map((values) => values[i]!),
      level: effort.level,
    }),
  );
};
