import type { Column } from "../../kernel/SlotPool.ts";
import type { RetryBudget } from "../../policy/retry/RetryBudget.ts";
import type { RetryBudgetSpec } from "../../policy/retry/RetryBudgetSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd, isAnswer } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import type { TriesSpec } from "./TriesSpec.ts";
import { copyResult, twinOf } from "./Twins.ts";

const NONE = -1;
/** Tells the draws of these tries from those of hedged copies, of which there are at most 5. */
const COPY_SPAN = 8;

/**
 * The gateway's own tries: an attempt that fails, or finds no room, before its first token is sent again at once, wherever the router sends it then
 * (proxy_next_upstream of nginx is stricter: it never goes back to a server that failed). The client knows nothing of it, so its retries multiply.
 */
export class RetryStage implements Door, GatewayListener {
  declare private readonly attempts: number;
  private readonly budget: RetryBudget | undefined;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  /** Of a try: the attempt that it stands for, -1 when that is gone. */
  declare private readonly original: Column<Int32Array>;
  /** Of an attempt: its present try, how many there were, and whether a token has passed. */
  declare private readonly present: Column<Int32Array>;
  declare private readonly tries: Column<Int32Array>;
  declare private readonly started: Column<Int32Array>;
  declare private listener: GatewayListener;

  constructor(
    { attempts, budget }: TriesSpec,
    budgetOf: (spec: RetryBudgetSpec) => RetryBudget,
    simulation: typeof Simulation.Service,
    next: Door,
  ) {
    this.attempts = attempts;
    this.budget = budget && budgetOf(budget);
    this.simulation = simulation;
    this.next = next;

    this.original = simulation.attempts.int32();
    this.present = simulation.attempts.int32();
    this.tries = simulation.attempts.int32();
    this.started = simulation.attempts.int32();
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    this.tries.at[attempt] = 0;
    this.started.at[attempt] = 0;
    this.budget?.requested(this.simulation.kernel.now);
    this.send(attempt);
  }

  hangUp(attempt: number): void {
    const present = this.present.at[attempt]!;
    this.original.at[present] = NONE;
    this.settle(attempt, false);
    this.budget?.finished(this.simulation.kernel.now);
    this.simulation.attempts.give(attempt);
    this.next.hangUp(present);
  }

  firstToken(present: number): void {
    const attempt = this.original.at[present]!;
    if (attempt === NONE) return;
    this.started.at[attempt] = 1;
    this.listener.firstToken(attempt);
  }

  ended(present: number, how: number): void {
    const attempt = this.original.at[present]!;
    if (attempt === NONE) return;
    this.original.at[present] = NONE;
    this.settle(attempt, isAnswer(how));
    const again = (how === AttemptEnd.Failed || how === AttemptEnd.Shed) && this.started.at[attempt] === 0;
    const { attempts, kernel } = this.simulation;
    if (again && this.tries.at[attempt]! < this.attempts && this.budget?.take(kernel.now, false) !== false) return this.send(attempt);
    this.budget?.finished(kernel.now);
    copyResult(attempts, present, attempt);
    this.listener.ended(attempt, how);
    attempts.give(attempt);
  }

  wasted(present: number, tokens: number): void {
    this.listener.wasted(present, tokens);
  }

  /** Tells the budget how the present try ended. */
  private settle(attempt: number, succeeded: boolean): void {
    this.budget?.ended(succeeded, this.tries.at[attempt]! > 1, false, this.simulation.kernel.now);
  }

  private send(attempt: number): void {
    const { attempts } = this.simulation;
    const present = twinOf(attempts, attempt);
    attempts.copy.at[present]! += COPY_SPAN * this.tries.at[attempt]!++;
    this.original.at[present] = attempt;
    this.present.at[attempt] = present;
    this.next.submit(present);
  }
}
