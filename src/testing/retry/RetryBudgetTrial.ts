import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { AttemptCounts, QuotaPromise, RetryBudgetSpec, RetryBudgetUnderTest } from "./RetryBudgetAdapter.ts";

interface Running {
  readonly retried: boolean;
  /** The attempt before it timed out. */
  readonly afterTimeout: boolean;
}

export interface BudgetWatch {
  /** A retry was granted; `counts` are those before it. */
  readonly onGranted?: (trial: RetryBudgetTrial) => void;
  readonly onAsked?: (granted: boolean, trial: RetryBudgetTrial) => void;
  readonly onRest?: (trial: RetryBudgetTrial) => void;
}

/** One retry budget in one history: requests, whose failed attempts ask for a retry. */
export class RetryBudgetTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: RetryBudgetSpec;
  readonly running: Array<Running> = [];
  readonly requestsMs: Array<number> = [];
  readonly retriesMs: Array<number> = [];
  readonly counts: { -readonly [K in keyof AttemptCounts]: number } = { attempts: 0, failures: 0 };
  failuresInARow = 0;
  /** The quota, as charges and credits make it. */
  declare quota: number;
  declare readonly budget: RetryBudgetUnderTest;
  declare private readonly watch: BudgetWatch;

  constructor(budget: RetryBudgetUnderTest, spec: RetryBudgetSpec, laboratory: Laboratory, watch: BudgetWatch) {
    this.budget = budget;
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
    this.quota = spec.quota?.capacity ?? 0;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  request(count: number): void {
    for (let sent = 0; sent < count; sent++) {
      this.requestsMs.push(this.nowMs);
      this.budget.requested();
      this.running.push({ retried: false, afterTimeout: false });
    }
    this.watch.onRest?.(this);
  }

  /** The i-th running attempt ends; a failure asks for a retry. */
  end(index: number, outcome: "success" | "failure" | "timeout"): void {
    const [attempt] = this.running.splice(index % this.running.length, 1);
    if (attempt === undefined) return;
    const succeeded = outcome === "success";
    this.counts.attempts++;
    this.failuresInARow = succeeded ? 0 : this.failuresInARow + 1;
    if (!succeeded) this.counts.failures++;
    this.credit(succeeded, attempt, this.spec.quota);
    this.budget.ended(succeeded, attempt.retried, attempt.afterTimeout);
    const afterTimeout = outcome === "timeout";
    if (!succeeded && this.ask(afterTimeout)) this.running.push({ retried: true, afterTimeout });
    else this.budget.finished();
    this.watch.onRest?.(this);
  }

  /** Asks for a retry. */
  ask(afterTimeout: boolean): boolean {
    const granted = this.budget.take(afterTimeout);
    this.watch.onAsked?.(granted, this);
    if (!granted) return false;
    this.charge(afterTimeout, this.spec.quota);
    this.retriesMs.push(this.nowMs);
    this.watch.onGranted?.(this);
    return true;
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }

  private charge(afterTimeout: boolean, quota: QuotaPromise | undefined): void {
    if (quota !== undefined) this.quota -= costOf(afterTimeout, quota);
  }

  private credit(succeeded: boolean, { retried, afterTimeout }: Running, quota: QuotaPromise | undefined): void {
    if (!succeeded || quota === undefined) return;
    this.quota = Math.min(quota.capacity, this.quota + (retried ? costOf(afterTimeout, quota) : quota.successCredit));
  }
}

const costOf = (afterTimeout: boolean, quota: QuotaPromise): number => (afterTimeout ? quota.timeoutCost : quota.retryCost);
