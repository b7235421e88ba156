import type { Case, Effort } from "./Case.ts";
import type { Row } from "./Row.ts";
import { judge } from "./Row.ts";

/** How much is simulated, and how sure the verdict must be. */
export interface Plan {
  readonly seed: number;
  /** Independent runs per case, at least 2. */
  readonly replications: number;
  /** Coverage of the intervals, 0..1. */
  readonly level: number;
  /** Requests of one run, warm-up included. */
  readonly requests: { readonly [K in Effort]: number };
}

/** Simulates one case and judges each of its quantities. */
export const validate = async (of: Case, plan: Plan): Promise<ReadonlyArray<Row>> => {
  const runs: Array<ReadonlyArray<number>> = [];
  for (let replication = 0; replication < plan.replications; replication++) {
    const requests = plan.requests[of.effort];
    runs.push(await of.replicate({ seed: plan.seed, replication, requests }));
  }
  return of.quantities.map((quantity, i) =>
    judge({
      model: of.model,
      at: of.at,
      quantity,
      values: runs.map((values) => values[i]!),
      level: plan.level,
    }),
  );
};
