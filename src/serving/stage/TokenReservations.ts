import type { Column } from "../../kernel/SlotPool.ts";
import { TokenBudgets } from "../../policy/limiter/TokenBudgets.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import { sharedByKey } from "./sharedByKey.ts";
import type { TokenBudgetSpec } from "./TokenBudgetSpec.ts";

/** Tokens that the engine has generated so far for an attempt that a replica holds; undefined where stages in between send attempts of their own. */
export type GeneratedSoFar = ((attempt: number) => number) | undefined;

interface Budgets {
  readonly of: ReadonlyArray<TokenBudgets>;
  readonly answerTokens: number;
  readonly held: Column<Float64Array>;
}

const NONE = -1;

/**
 * What each attempt has reserved in the token budgets of the gateway. An answer is settled with its tokens, a cut or canceled one with those generated
 * so far (or, where nobody here knows them, it stays charged as reserved), and whatever no model worked on (failures, full queues, cached answers) is
 * refunded.
 */
export class TokenReservations {
  declare private readonly budgets: ReadonlyArray<Budgets>;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly generated: GeneratedSoFar;

  constructor(
    specs: ReadonlyArray<TokenBudgetSpec>,
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    generated: GeneratedSoFar,
  ) {
    this.simulation = simulation;
    this.generated = generated;
    this.budgets = specs.map((spec) => ({
      of: sharedByKey(spec.per, classes, () => new TokenBudgets(spec)),
      answerTokens: spec.outputCapTokens,
      held: simulation.attempts.float64(),
    }));
  }

  /** The attempt is new, or what it had reserved is lost to it: then it stays charged as estimated. */
  forget(attempt: number): void {
    for (const { held } of this.budgets) held.at[attempt] = NONE;
  }

  /** 0: reserved in all budgets; else nothing is, and this is the longest wait in ms. */
  reserve(attempt: number): number {
    const { attempts, kernel } = this.simulation;
    let waitMs = 0;
    for (const { of, held, answerTokens } of this.budgets) {
      const budgets = of[attempts.classIndex.at[attempt]!]!;
      const reservation = budgets.reserve(attempts.promptTokens.at[attempt]!, 0, answerTokens, kernel.now);
      held.at[attempt] = reservation;
      if (reservation === NONE) waitMs = Math.max(waitMs, budgets.retryAfterMs);
    }
    if (waitMs > 0) this.refund(attempt);
    return waitMs;
  }

  /** Gives everything back. */
  refund(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    for (const { of, held } of this.budgets) {
      if (held.at[attempt] !== NONE) of[attempts.classIndex.at[attempt]!]!.refund(held.at[attempt]!, kernel.now);
      held.at[attempt] = NONE;
    }
  }

  /** The attempt has ended, an `AttemptEnd`. */
  ended(attempt: number, how: number): void {
    const { attempts } = this.simulation;
    if (how === AttemptEnd.Cut) this.canceled(attempt);
    else if ((how === AttemptEnd.Completed || how === AttemptEnd.Degraded) && attempts.replica.at[attempt]! >= 0)
      this.settle(attempt, attempts.total.at[attempt]! - attempts.promptTokens.at[attempt]!);
    else this.refund(attempt);
  }

  /** The attempt is about to be given up, wherever it is. */
  canceled(attempt: number): void {
    const { attempts } = this.simulation;
    if (this.generated === undefined) return this.forget(attempt);
    // A prompt that no engine has begun with costs nobody anything.
    if (attempts.replica.at[attempt]! >= 0 && attempts.admittedMs.at[attempt]! >= 0) this.settle(attempt, this.generated(attempt));
    else this.refund(attempt);
  }

  private settle(attempt: number, outputTokens: number): void {
    const { attempts, kernel } = this.simulation;
    const promptTokens = attempts.promptTokens.at[attempt]!;
    const cachedTokens = Math.min(promptTokens, Math.max(0, attempts.cachedTokens.at[attempt]!));
    for (const { of, held } of this.budgets) {
      if (held.at[attempt] !== NONE)
        of[attempts.classIndex.at[attempt]!]!.settle(held.at[attempt]!, promptTokens, cachedTokens, outputTokens, kernel.now);
      held.at[attempt] = NONE;
    }
  }
}
