import { LeaseRing } from "../LeaseRing.ts";
import { durationMicros, microsOf } from "../Micros.ts";
import { PolicyFault } from "../PolicyFault.ts";
import { requireSetting } from "../SettingFault.ts";
import { budgetMeter } from "./BudgetMeter.ts";
import type { BudgetMeter, BudgetPermits } from "./BudgetMeter.ts";

/** What a budget counts: one per request, all tokens of a request, those of its prompt, or those of its answer. */
export type BudgetUnit = "requests" | "tokens" | "inputTokens" | "outputTokens";

export type Budget = BudgetPermits & { readonly unit: BudgetUnit };

export interface TokenBudgetsSettings {
  /** Such as RPM, TPM, ITPM and OTPM: a permit per request or token. */
  readonly budgets: ReadonlyArray<Budget>;
  /** Most tokens of an answer that are reserved, whatever the request allows; 0 reserves none and charges the answer when it is settled. */
  readonly outputCapTokens: number;
  /** Whether prompt tokens that a prefix cache holds count. */
  readonly cachedInputCounts: boolean;
  /** A reservation that nobody settled by then stays charged as estimated. */
  readonly leaseMs: number;
  readonly maxReservations: number;
}

/**
 * Budgets of one key for calls whose tokens are known only at their end: reserve an estimate in all budgets or none, then settle with the actual tokens,
 * or refund, exactly once. What a call used beyond its estimate is debt: the level goes below 0 and admission stops until it has been refilled. The
 * overdraft is at most reservations in flight * (largest actual - estimate). Credit beyond a full budget is lost; so is, in fixed windows, credit for a
 * window that has ended, and debt that is not paid by the end of its window. O(budgets) per call.
 */
export class TokenBudgets {
  readonly name = "tokenBudgets";
  readonly #settings: TokenBudgetsSettings;
  readonly #meters: ReadonlyArray<BudgetMeter>;
  readonly #levels: Float64Array;
  /** Reserved permits, by slot and budget. */
  readonly #reserved: Float64Array;
  readonly #leases: LeaseRing;
  #atUs = -Infinity;
  #retryAfterUs = 0;
  #ignored = 0;
  #expired = 0;

  /** Throws SettingFault. */
  constructor(settings: TokenBudgetsSettings) {
    requireSetting("tokenBudgets.budgets", settings.budgets.length, { least: 1, most: 16, whole: true });
    requireSetting("tokenBudgets.outputCapTokens", settings.outputCapTokens, { least: 0, most: 1e12, whole: true });
    requireSetting("tokenBudgets.maxReservations", settings.maxReservations, { least: 1, most: 2 ** 22, whole: true });
    this.#settings = settings;
    this.#meters = settings.budgets.map((budget) => budgetMeter(`${this.name}.${budget.unit}`, budget));
    this.#levels = Float64Array.from(this.#meters, (meter) => meter.full);
    this.#leases = new LeaseRing(settings.maxReservations, durationMicros("tokenBudgets.leaseMs", settings.leaseMs));
    this.#reserved = new Float64Array(settings.maxReservations * settings.budgets.length);
  }

  /** Of the last refusal: the longest wait over the budgets, exact when nothing settles meanwhile; Infinity when the estimate never fits. */
  get retryAfterMs(): number {
    return this.#retryAfterUs / 1000;
  }

  /** Settlements and refunds that came second, or after the lease. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Reservations that ended by their lease. */
  get expired(): number {
    return this.#expired;
  }

  /**
   * A reservation, 0 or more; -1: refused and nothing charged, see `retryAfterMs`. Its estimate is the prompt and the smaller of `maxOutputTokens`
   * and the cap. Throws PolicyFault.
   */
  reserve(inputTokens: number, cachedTokens: number, maxOutputTokens: number, nowMs: number): number {
    this.#check(inputTokens, cachedTokens, maxOutputTokens);
    const readUs = microsOf(nowMs);
    this.#advance(readUs);
    const input = this.#countedInput(inputTokens, cachedTokens);
    const output = Math.min(maxOutputTokens, this.#settings.outputCapTokens);
    const waitUs = this.#waitUs(input, output);
    if (waitUs > 0) return this.#refuse(this.#atUs - readUs + waitUs);
    const id = this.#leases.issue(this.#atUs);
    if (id < 0) return this.#refuse(this.#leases.nextEndUs() - readUs);
    const row = this.#leases.slot(id) * this.#meters.length;
    for (let i = 0; i < this.#meters.length; i++) {
      const permits = this.#costOf(i, input, output);
      this.#reserved[row + i] = permits;
      this.#levels[i]! -= permits * this.#meters[i]!.worth;
    }
    return id;
  }

  /**
   * Charges what the call really used, in place of its estimate; a cancelled call settles with the tokens produced so far. False when the reservation
   * had ended: nothing changes. Throws PolicyFault.
   */
  settle(reservation: number, inputTokens: number, cachedTokens: number, outputTokens: number, nowMs: number): boolean {
    this.#check(inputTokens, cachedTokens, outputTokens);
    return this.#end(reservation, nowMs, this.#countedInput(inputTokens, cachedTokens), outputTokens, 1);
  }

  /** Gives everything back, the request included: for calls that no model worked on. False when the reservation had ended. */
  refund(reservation: number, nowMs: number): boolean {
    return this.#end(reservation, nowMs, 0, 0, 0);
  }

  /** Permits left in a budget, by its place in the settings; below 0 while there is debt. Changes nothing. */
  level(budget: number, nowMs: number): number {
    const meter = this.#meters[budget]!;
    const nowUs = Math.max(this.#atUs, microsOf(nowMs));
    return Math.floor(meter.later(this.#levels[budget]!, this.#atUs, nowUs) / meter.worth);
  }

  #end(reservation: number, nowMs: number, input: number, output: number, requests: number): boolean {
    this.#advance(microsOf(nowMs));
    if (!this.#leases.end(reservation)) {
      this.#ignored++;
      return false;
    }
    const row = this.#leases.slot(reservation) * this.#meters.length;
    const chargedUs = this.#leases.issuedUs(reservation);
    for (let i = 0; i < this.#meters.length; i++) {
      const meter = this.#meters[i]!;
      const actual = requests === 0 ? 0 : this.#costOf(i, input, output);
      const credit = this.#reserved[row + i]! - actual;
      if (credit > 0 && !meter.refundable(chargedUs, this.#atUs)) continue;
      this.#levels[i] = Math.min(meter.full, this.#levels[i]! + credit * meter.worth);
    }
    return true;
  }

  #advance(readUs: number): void {
    if (readUs <= this.#atUs) return;
    for (let i = 0; i < this.#meters.length; i++) this.#levels[i] = this.#meters[i]!.later(this.#levels[i]!, this.#atUs, readUs);
    this.#atUs = readUs;
    while (this.#leases.expired(readUs) >= 0) this.#expired++;
  }

  #waitUs(input: number, output: number): number {
    let longestUs = 0;
    for (let i = 0; i < this.#meters.length; i++) {
      const meter = this.#meters[i]!;
      const units = this.#costOf(i, input, output) * meter.worth;
      if (units > meter.full) return Infinity;
      if (this.#levels[i]! < units) longestUs = Math.max(longestUs, meter.waitUs(units - this.#levels[i]!, this.#atUs));
    }
    return longestUs;
  }

  #refuse(afterUs: number): -1 {
    this.#retryAfterUs = afterUs;
    return -1;
  }

  #countedInput(input: number, cached: number): number {
    return this.#settings.cachedInputCounts ? input : input - cached;
  }

  #costOf(budget: number, input: number, output: number): number {
    const unit = this.#settings.budgets[budget]!.unit;
    if (unit === "requests") return 1;
    if (unit === "tokens") return input + output;
    return unit === "inputTokens" ? input : output;
  }

  #check(input: number, cached: number, output: number): void {
    requireTokens("inputTokens", input, 1e12);
    requireTokens("cachedTokens", cached, input);
    requireTokens("outputTokens", output, 1e12);
  }
}

function requireTokens(argument: string, tokens: number, most: number): void {
  if (Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= most) return;
  throw new PolicyFault(`tokenBudgets.${argument}`, `a whole number from 0 to ${most}`, tokens);
}
