import type { Column } from "../../kernel/SlotPool.ts";
import type { RetryBudget } from "../../policy/retry/RetryBudget.ts";
import type { RetryBudgetSpec } from "../../policy/retry/RetryBudgetSpec.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { clientOf } from "./clientOf.ts";
import type { Simulation } from "../Simulation.ts";

/** The retry budgets of all clients: each instance of a class has its own, which its retries and its hedges share. */
export class ClientBudgets {
  declare private readonly simulation: typeof Simulation.Service;
  /** 1 where the last retry of the request followed a time-out. */
  declare private readonly afterTimeout: Column<Int32Array>;
  /** By class and instance; undefined where a class has none. */
  declare private readonly budgets: ReadonlyArray<ReadonlyArray<RetryBudget> | undefined>;

  /** Undefined when no class has a budget. */
  static of(
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    budgetOf: (spec: RetryBudgetSpec) => RetryBudget,
  ): ClientBudgets | undefined {
    return classes.some(({ client }) => client.retry?.budget !== undefined) ? new ClientBudgets(classes, simulation, budgetOf) : undefined;
  }

  private constructor(
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    budgetOf: (spec: RetryBudgetSpec) => RetryBudget,
  ) {
    this.simulation = simulation;
    this.afterTimeout = simulation.requests.int32();
    this.budgets = classes.map(({ client }) => {
      const spec = client.retry?.budget;
      return spec && Array.from({ length: client.instances ?? 1 }, () => budgetOf(spec));
    });
  }

  requested(request: number): void {
    this.budgetOf(request)?.requested(this.simulation.kernel.now);
  }

  /** May the request be tried again? A yes is charged. */
  takeRetry(request: number, afterTimeout: boolean): boolean {
    const budget = this.budgetOf(request);
    if (budget === undefined) return true;
    this.afterTimeout.at[request] = afterTimeout ? 1 : 0;
    return budget.take(this.simulation.kernel.now, afterTimeout);
  }

  /** May a copy of the attempt under way be sent? A yes is charged. */
  takeHedge(request: number): boolean {
    return this.budgetOf(request)?.take(this.simulation.kernel.now, false) ?? true;
  }

  /** A try ended; `retried` unless it was the request's first. */
  ended(request: number, succeeded: boolean, retried: boolean): void {
    const afterTimeout = retried && this.afterTimeout.at[request] === 1;
    this.budgetOf(request)?.ended(succeeded, retried, afterTimeout, this.simulation.kernel.now);
  }

  hedgeEnded(request: number, succeeded: boolean): void {
    this.budgetOf(request)?.ended(succeeded, true, false, this.simulation.kernel.now);
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
