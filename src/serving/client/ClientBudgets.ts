import type { RetryBudget } from "../../policy/retry/RetryBudget.ts";
import { retryBudgetOf } from "../../policy/retry/retryBudgetOf.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { clientOf } from "./clientOf.ts";
import type { Simulation } from "../Simulation.ts";

/** The retry budgets of all clients: each instance of a class has its own, which its retries and its hedges share. */
export class ClientBudgets {
  private readonly simulation: typeof Simulation.Service;
  /** By class and instance; undefined where a class has none. */
  private readonly budgets: ReadonlyArray<ReadonlyArray<RetryBudget> | undefined>;

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
  }

  requested(request: number): void {
    this.budgetOf(request)?.requested(this.simulation.kernel.now);
  }

  /** May one more attempt be sent for the request? */
  take(request: number, afterTimeout: boolean): boolean {
    const budget = this.budgetOf(request);
    return budget === undefined || budget.take(this.simulation.kernel.now, afterTimeout);
  }

  ended(request: number, succeeded: boolean, retried: boolean): void {
    this.budgetOf(request)?.ended(succeeded, retried, this.simulation.kernel.now);
  }

  finished(request: number): void {
    this.budgetOf(request)?.finished(this.simulation.kernel.now);
  }

  private budgetOf(request: number): RetryBudget | undefined {
    const { requests } = this.simulation;
    const budgets = this.budgets[requests.classIndex.at[request]!];
    return budgets?.[clientOf(requests, request, budgets.length)];
  }
}
