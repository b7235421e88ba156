import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import { StoreLost } from "../StoreConnection.ts";
import type { CommandFault } from "../StoreConnection.ts";
import type { Answer, BudgetSpec, BudgetStep, TokenBudgetSpec, TokenBudgetUnderTest } from "./TokenBudgetAdapter.ts";

export interface Reservation {
  readonly id: unknown;
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

/** Permits of a full budget. */
export const capacityOf = (budget: BudgetSpec): number => ("windowMs" in budget ? budget.limit : budget.burst);

/** How often a step is sent again until its answer is known. */
const MOST_SENDS = 5;

/** Token budgets in one history, beside levels that are reckoned from the list of charges. */
export class TokenBudgetTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: TokenBudgetSpec;
  readonly reservations: Array<Reservation> = [];
  declare readonly expected: Array<number>;
  /** Most reservations that were held at once, and the most that one used beyond its estimate, by budget. */
  mostHeld = 0;
  declare readonly mostExcess: Array<number>;
  over = false;
  /** Befalls the next step. */
  fault: CommandFault | undefined;
  declare private readonly budgets: TokenBudgetUnderTest;
  declare private readonly watch: BudgetsWatch;
  private reckonedAtMs = 0;
  private attempts = 0;

  constructor(budgets: TokenBudgetUnderTest, spec: TokenBudgetSpec, laboratory: Laboratory, watch: BudgetsWatch) {
    this.budgets = budgets;
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
    this.expected = spec.budgets.map(capacityOf);
    this.mostExcess = spec.budgets.map(() => 0);
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  held(): ReadonlyArray<Reservation> {
    return this.reservations.filter((one) => !one.ended && this.nowMs - one.atMs < this.spec.leaseMs);
  }

  levels(): Promise<ReadonlyArray<number>> {
    return this.laboratory.answer(this.budgets.levels());
  }

  /** The time to wait; 0 when it was reserved. */
  async reserve(inputTokens: number, maxOutputTokens: number, node = 0): Promise<number> {
    this.reckon();
    const before = await this.levels();
    const costs = this.costs(inputTokens, Math.min(maxOutputTokens, this.spec.outputCapTokens));
    const answer = await this.known(node, (step) => this.budgets.reserve(inputTokens, maxOutputTokens, step));
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
      after: await this.levels(),
      kind: reserved ? "reserved" : "refused",
      costs,
      ...(reservation && { reservation }),
      due: true,
    });
    return reserved ? 0 : answer.waitMs;
  }

  settle(reservation: Reservation, outputTokens: number, node = 0): Promise<void> {
    return this.end(reservation, node, this.costs(reservation.inputTokens, outputTokens), (step) =>
      this.budgets.settle(reservation.id, reservation.inputTokens, outputTokens, step),
    );
  }

  refund(reservation: Reservation, node = 0): Promise<void> {
    return this.end(
      reservation,
      node,
      this.spec.budgets.map(() => 0),
      (step) => this.budgets.refund(reservation.id, step),
    );
  }

  costs(inputTokens: number, outputTokens: number): ReadonlyArray<number> {
    const of = { requests: 1, tokens: inputTokens + outputTokens, inputTokens, outputTokens };
    return this.spec.budgets.map(({ unit }) => of[unit]);
  }

  /** What is still charged in place of the estimate: a credit for a window that has ended is lost. */
  chargedInstead(reservation: Reservation, costs: ReadonlyArray<number>): ReadonlyArray<number> {
    return costs.map((cost, budget) => {
      const estimate = reservation.estimate[budget]!;
      return cost < estimate && this.windowOf(budget, reservation.atMs) !== this.windowOf(budget, this.nowMs) ? estimate : cost;
    });
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }

  private async end(
    reservation: Reservation,
    node: number,
    wanted: ReadonlyArray<number>,
    act: (step: BudgetStep) => Answer<boolean>,
  ): Promise<void> {
    this.reckon();
    const before = await this.levels();
    const due = this.held().includes(reservation);
    const costs = this.chargedInstead(reservation, wanted);
    const counted = await this.known(node, act);
    if (due)
      for (const [budget, cost] of costs.entries()) {
        const excess = cost - reservation.estimate[budget]!;
        this.mostExcess[budget] = Math.max(this.mostExcess[budget]!, excess);
        this.expected[budget] = Math.min(capacityOf(this.spec.budgets[budget]!), this.expected[budget]! - excess);
      }
    reservation.ended = true;
    this.tell({ before, after: await this.levels(), kind: counted ? "ended" : "ignored", costs, reservation, due });
  }

  /** One step, sent again by its attempt until its answer is known. */
  private async known<A>(node: number, send: (step: BudgetStep) => Answer<A>): Promise<A> {
    const step = { attempt: `attempt${++this.attempts}`, node };
    this.laboratory.selectNode(node);
    this.laboratory.store.next = this.fault;
    this.fault = undefined;
    for (let sent = 1; ; sent++) {
      try {
        return await this.laboratory.answer(send(step));
      } catch (error) {
        if (!(error instanceof StoreLost) || sent === MOST_SENDS) throw error;
      }
    }
  }

  private windowOf(budget: number, atMs: number): number {
    const spec = this.spec.budgets[budget]!;
    return "windowMs" in spec ? Math.floor(atMs / spec.windowMs) : 0;
  }

  private reckon(): void {
    const formerMs = this.reckonedAtMs;
    this.reckonedAtMs = this.nowMs;
    for (const [budget, spec] of this.spec.budgets.entries()) {
      if (!("windowMs" in spec)) {
        const grown = this.expected[budget]! + ((this.nowMs - formerMs) * spec.permits) / spec.perMs;
        this.expected[budget] = Math.min(spec.burst, grown);
      } else if (this.windowOf(budget, formerMs) !== this.windowOf(budget, this.nowMs)) this.expected[budget] = spec.limit;
    }
  }

  private tell(change: Change): void {
    this.laboratory.note(`${change.kind}; ${change.before.join(", ")} -> ${change.after.join(", ")}`);
    this.watch.onChange?.(change, this);
  }
}
