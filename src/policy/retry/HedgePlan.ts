import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

export interface HedgeSettings {
  /** Between attempts without a final answer. */
  readonly delayMs: number;
  /** All attempts of a request; gRPC allows up to 5. */
  readonly maxAttempts: number;
}

/** What becomes of a request when one of its attempts ended. */
export const HedgeStep = {
  /** Others are in flight: wait for them or the next hedge. */
  Wait: 0,
  /** Start the next attempt at once, then the delay begins anew. */
  StartNow: 1,
  /** Success: cancel the others; the request succeeded. */
  Succeed: 2,
  /** The request failed: cancel what is left. */
  Fail: 3,
} as const;

/** Hedging of one request, paid from the client's retry budget. No retry follows when all attempts failed. Source: gRPC proposal A6. */
export class HedgePlan {
  readonly #settings: HedgeSettings;
  readonly #budget: RetryBudget;
  #started = 0;
  #inFlight = 0;
  /** Of those in flight, all but the first attempt. */
  #paid = 0;
  #over = false;
  #nextMs = Infinity;

  /** Throws SettingFault. */
  constructor(settings: HedgeSettings, budget: RetryBudget) {
    requireSetting("hedge.delayMs", settings.delayMs, { least: 0, most: 2 ** 31 - 1 });
    requireSetting("hedge.maxAttempts", settings.maxAttempts, { least: 1, most: 5, whole: true });
    this.#settings = settings;
    this.#budget = budget;
  }

  /** Attempts so far. */
  get started(): number {
    return this.#started;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** When to call `hedge`; Infinity: never. */
  get nextMs(): number {
    return this.#over ? Infinity : this.#nextMs;
  }

  /** The first attempt starts. */
  begin(nowMs: number): void {
    this.#budget.requested(nowMs);
    this.#start(nowMs);
  }

  /** The time of `nextMs` has come: whether another attempt starts; without budget none does, now or later. */
  hedge(nowMs: number): boolean {
    if (this.#over || nowMs < this.#nextMs) return false;
    return this.#pay(nowMs);
  }

  /** The request is given up: cancel what is left. */
  cancel(nowMs: number): void {
    if (!this.#over) this.#finish(false, nowMs);
  }

  /** An attempt ended; `paid` unless it was the first one. Calls after the request's end give Wait and change nothing. */
  ended(succeeded: boolean, fatal: boolean, paid: boolean, nowMs: number): number {
    if (this.#over) return HedgeStep.Wait;
    this.#inFlight--;
    if (paid) this.#paid--;
    this.#budget.ended(succeeded, paid, false, nowMs);
    if (succeeded || fatal) return this.#finish(succeeded, nowMs);
    if (this.#nextMs < Infinity && this.#pay(nowMs)) return HedgeStep.StartNow;
    return this.#inFlight > 0 ? HedgeStep.Wait : this.#finish(false, nowMs);
  }

  #pay(nowMs: number): boolean {
    const paid = this.#budget.take(nowMs, false);
    if (!paid) {
      this.#nextMs = Infinity;
      return false;
    }
    this.#paid++;
    this.#start(nowMs);
    return true;
  }

  #start(nowMs: number): void {
    this.#started++;
    this.#inFlight++;
    this.#nextMs = this.#started < this.#settings.maxAttempts ? nowMs + this.#settings.delayMs : Infinity;
  }

  /** What is canceled was paid for as well: it ends as the request does. */
  #finish(succeeded: boolean, nowMs: number): number {
    this.#over = true;
    for (; this.#paid > 0; this.#paid--) this.#budget.ended(succeeded, true, false, nowMs);
    this.#budget.finished(nowMs);
    return succeeded ? HedgeStep.Succeed : HedgeStep.Fail;
  }
}
