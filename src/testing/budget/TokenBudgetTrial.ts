import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { TokenBudgetSpec, TokenBudgetUnderTest } from "./TokenBudgetAdapter.ts";

export interface Reservation {
  readonly id: number;
  readonly atMs: number;
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  readonly estimate: ReadonlyArray<number>;
  ended: boolean;
}

/** Levels before and after something was done, by budget. */
export interface Change {
  readonly before: ReadonlyArray<number>;
  readonly after: ReadonlyArray<number>;
  readonly kind: "reserved" | "refused" | "ended" | "ignored";
  /** What was charged (reserved), or is charged in place of the estimate (ended). */
  readonly costs: ReadonlyArray<number>;
  readonly reservation?: Reservation;
  /** Whether it should have counted, where it ends a reservation. */
  readonly due: boolean;
}

export interface BudgetsWatch {
  readonly onChange?: (change: Change, trial: TokenBudgetTrial) => void;
}

/** Token budgets in one history, beside levels that are reckoned from the list of charges. */
export class TokenBudgetTrial {
  readonly laboratory: Laboratory;
  readonly spec: TokenBudgetSpec;
  readonly reservations: Array<Reservation> = [];
  readonly expected: Array<number>;
  /** Most reservations that were held at once, and the most that one used beyond its estimate, by budget. */
  mostHeld = 0;
  readonly mostExcess: Array<number>;
  over = false;
  private readonly budgets: TokenBudgetUnderTest;
  private readonly watch: BudgetsWatch;
  private reckonedAtMs = 0;

  constructor(budgets: TokenBudgetUnderTest, spec: TokenBudgetSpec, laboratory: Laboratory, watch: BudgetsWatch) {
    this.budgets = budgets;
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
    this.expected = spec.budgets.map((budget) => budget.burst);
    this.mostExcess = spec.budgets.map(() => 0);
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  held(): ReadonlyArray<Reservation> {
    return this.reservations.filter((one) => !one.ended && this.nowMs - one.atMs < this.spec.leaseMs);
  }

  levels(): ReadonlyArray<number> {
    return this.spec.budgets.map((_, budget) => this.budgets.level(budget));
  }

  /** The time to wait; 0 when it was reserved. */
  reserve(inputTokens: number, maxOutputTokens: number): number {
    this.reckon();
    const before = this.levels();
    const costs = this.costs(inputTokens, Math.min(maxOutputTokens, this.spec.outputCapTokens));
    const answer = this.budgets.reserve(inputTokens, maxOutputTokens);
    const reserved = "id" in answer;
    let reservation: Reservation | undefined;
    if (reserved) {
      reservation = { id: answer.id, atMs: this.nowMs, inputTokens, maxOutputTokens, estimate: costs, ended: false };
      this.reservations.push(reservation);
      this.mostHeld = Math.max(this.mostHeld, this.held().length);
      for (const [budget, cost] of costs.entries()) this.expected[budget]! -= cost;
    }
    this.tell({
      before,
      after: this.levels(),
      kind: reserved ? "reserved" : "refused",
      costs,
      ...(reservation && { reservation }),
      due: true,
    });
    return reserved ? 0 : answer.waitMs;
  }

  settle(reservation: Reservation, outputTokens: number): void {
    this.end(reservation, this.costs(reservation.inputTokens, outputTokens), () =>
      this.budgets.settle(reservation.id, reservation.inputTokens, outputTokens),
    );
  }

  refund(reservation: Reservation): void {
    this.end(
      reservation,
      this.spec.budgets.map(() => 0),
      () => this.budgets.refund(reservation.id),
    );
  }

  costs(inputTokens: number, outputTokens: number): ReadonlyArray<number> {
    const of = { requests: 1, tokens: inputTokens + outputTokens, inputTokens, outputTokens };
    return this.spec.budgets.map(({ unit }) => of[unit]);
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }

  private end(reservation: Reservation, costs: ReadonlyArray<number>, act: () => boolean): void {
    this.reckon();
    const before = this.levels();
    const due = this.held().includes(reservation);
    const counted = act();
    if (due)
      for (const [budget, cost] of costs.entries()) {
        const excess = cost - reservation.estimate[budget]!;
        this.mostExcess[budget] = Math.max(this.mostExcess[budget]!, excess);
        this.expected[budget] = Math.min(this.spec.budgets[budget]!.burst, this.expected[budget]! - excess);
      }
    reservation.ended = true;
    this.tell({ before, after: this.levels(), kind: counted ? "ended" : "ignored", costs, reservation, due });
  }

  private reckon(): void {
    const ms = this.nowMs - this.reckonedAtMs;
    this.reckonedAtMs = this.nowMs;
    for (const [index, { permits, perMs, burst }] of this.spec.budgets.entries())
      this.expected[index] = Math.min(burst, this.expected[index]! + (ms * permits) / perMs);
  }

  private tell(change: Change): void {
    this.laboratory.note(`${change.kind}; ${change.before.join(", ")} -> ${change.after.join(", ")}`);
    this.watch.onChange?.(change, this);
  }
}
