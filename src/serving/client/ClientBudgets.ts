import type { RetryBudget } from "../../policy/retry/RetryBudget.ts";
import { retryBudgetOf } from "../../policy/retry/retryBudgetOf.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Simulation } from "../Simulation.ts";

/** The retry budgets of all clients: each instance of a class has its own, which its retries and its hedges share. */
export class ClientBudgets {
  private readonly simulation: typeof Simulation.Service;
  /** By class and instance; undefined where a class has none. */
  private readonly budgets: ReadonlyArray<ReadonlyArray<RetryBudget> | undefined>;
  /** Whether the request's present attempt was allowed after a time-out. */
  private readonly afterTimeout: Column<Int32Array>;

  /** Undefined when no class has a budget. */
  static of(classes: ReadonlyArray<TrafficClassSpec>, simulation: typeof Simulation.Service): ClientBudgets | undefined {
    return classes.some(({ client }) => client.retry?.budget !== undefined) ? new ClientBudgets(classes, simulation) : undefined;
  }

  private constructor(classes: ReadonlyArray<TrafficClassSpec>, simulation: typeof Simulation.Service) {
    this.simulation = simulation;
    this.budgets = classes.map(({ client }) => {
      const spec = client.retry?.budget;
      return spec && Array.from({ length: client.instances ?? 1 }, () => retryBudgetOf(spec));
    });
    this.afterTimeout = simulation.requests.pool.int32();
  }

  /** The first attempt of a request is sent. */
  requested(request: number): void {
    this.afterTimeout.at[request] = 0;
    this.budgetOf(request)?.requested(this.simulation.kernel.now);
  }

  /** May one more attempt be sent for the request, after one that timed out or failed otherwise? */
  allows(request: number, timedOut: boolean): boolean {
    const budget = this.budgetOf(request);
    if (budget === undefined) return true;
    this.afterTimeout.at[request] = timedOut ? 1 : 0;
    return budget.allows(timedOut, this.simulation.kernel.now);
  }

  /** An attempt of the request ended; `paid` unless it was the first. */
  ended(request: number, succeeded: boolean, paid: boolean): void {
    this.budgetOf(request)?.ended(succeeded, paid, this.afterTimeout.at[request] === 1, this.simulation.kernel.now);
  }

  /** An attempt never left the client: it is no sample, but no longer under way. */
  withdrawn(request: number, paid: boolean): void {
    if (this.budgetOf(request)?.name === "active") this.ended(request, false, paid);
  }

  private budgetOf(request: number): RetryBudget | undefined {
    const { requests } = this.simulation;
    const budgets = this.budgets[requests.classIndex.at[request]!];
    if (budgets === undefined) return undefined;
    const user = requests.user.at[request]!;
    return budgets[(user >= 0 ? user : requests.number.at[request]!) % budgets.length];
  }
}
