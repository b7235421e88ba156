import { budgetMeter } from "../../policy/limiter/BudgetMeter.ts";
import type { BudgetMeter } from "../../policy/limiter/BudgetMeter.ts";
import { TokenBudgets } from "../../policy/limiter/TokenBudgets.ts";
import type { BudgetUnit, TokenBudgetsSettings } from "../../policy/limiter/TokenBudgets.ts";
import { durationMicros } from "../../policy/Micros.ts";
import { PolicyFault } from "../../policy/PolicyFault.ts";
import { BUDGET_SCRIPT } from "./BudgetScript.ts";
import { scriptTime, stateKey } from "./ScriptClient.ts";
import type { ScriptClient } from "./ScriptClient.ts";

export interface RedisTokenBudgetsSettings extends TokenBudgetsSettings {
  readonly prefix: string;
  /** How long an attempt's reply is remembered; longer than any resend takes. */
  readonly attemptTtlMs: number;
}

/** A reservation in the store; the attempt that made it keeps it apart from one of a key that expired meanwhile. */
export interface SharedReservation {
  readonly key: string;
  readonly id: number;
  readonly attempt: string;
}

export type ReserveReply =
  | { readonly admitted: true; readonly reservation: SharedReservation }
  /** Infinity: the estimate never fits. */
  | { readonly admitted: false; readonly retryAfterMs: number };

/**
 * TokenBudgets of many keys shared through Redis: one round trip per step, on Redis' own clock, decided exactly as the pure machine decides. Each step has
 * an attempt id and takes effect once within `attemptTtlMs`, however often it is resent. A key lives until all budgets are full and all leases have ended.
 */
export class RedisTokenBudgets {
  readonly #client: ScriptClient;
  readonly #settings: RedisTokenBudgetsSettings;
  readonly #meters: ReadonlyArray<BudgetMeter>;
  readonly #leaseUs: string;
  readonly #attemptTtlMs: string;

  /** Throws SettingFault. */
  constructor(client: ScriptClient, settings: RedisTokenBudgetsSettings) {
    // The pure machine checks what both need.
    const { name } = new TokenBudgets({ ...settings, maxReservations: Math.min(settings.maxReservations, 1) });
    this.#client = client;
    this.#settings = settings;
    this.#meters = settings.budgets.map((budget) => budgetMeter(`${name}.${budget.unit}`, budget));
    this.#leaseUs = String(durationMicros("tokenBudgets.leaseMs", settings.leaseMs));
    this.#attemptTtlMs = String(Math.ceil(durationMicros("redis.attemptTtlMs", settings.attemptTtlMs) / 1000));
  }

  /** As TokenBudgets.reserve. Throws PolicyFault; rejects with what the client rejects with, and then it may have been reserved: send it again to know. */
  async reserve(
    key: string,
    attempt: string,
    inputTokens: number,
    cachedTokens: number,
    maxOutputTokens: number,
    nowMs?: number,
  ): Promise<ReserveReply> {
    requireTokens(inputTokens, cachedTokens, maxOutputTokens);
    const output = Math.min(maxOutputTokens, this.#settings.outputCapTokens);
    const permits = this.#permits(this.#countedInput(inputTokens, cachedTokens), output, 1);
    const reply = await this.#run(key, `r:${attempt}`, "reserve", "", attempt, permits, nowMs);
    if (reply.startsWith("A ")) return { admitted: true, reservation: { key, id: Number(reply.slice(2)), attempt } };
    return { admitted: false, retryAfterMs: reply === "R inf" ? Infinity : Number(reply.slice(2)) / 1000 };
  }

  /** As TokenBudgets.settle; `attempt` names this settlement and not the reservation. */
  async settle(
    reservation: SharedReservation,
    attempt: string,
    inputTokens: number,
    cachedTokens: number,
    outputTokens: number,
    nowMs?: number,
  ): Promise<boolean> {
    requireTokens(inputTokens, cachedTokens, outputTokens);
    return this.#end(reservation, attempt, this.#permits(this.#countedInput(inputTokens, cachedTokens), outputTokens, 1), nowMs);
  }

  /** As TokenBudgets.refund; `attempt` names this refund. */
  async refund(reservation: SharedReservation, attempt: string, nowMs?: number): Promise<boolean> {
    return this.#end(reservation, attempt, this.#permits(0, 0, 0), nowMs);
  }

  /** As TokenBudgets.level, of every budget by its place in the settings. Changes nothing. */
  async levels(key: string, nowMs?: number): Promise<ReadonlyArray<number>> {
    const reply = await this.#run(key, "levels", "levels", "", "", this.#permits(0, 0, 0), nowMs);
    return reply.split(" ").map((units, i) => Math.floor(Number(units) / this.#meters[i]!.worth));
  }

  async #end({ key, id, attempt: by }: SharedReservation, attempt: string, permits: ReadonlyArray<number>, nowMs: number | undefined) {
    return (await this.#run(key, `e:${attempt}`, "end", String(id), by, permits, nowMs)) === "1";
  }

  async #run(
    key: string,
    memory: string,
    step: string,
    id: string,
    attempt: string,
    permits: ReadonlyArray<number>,
    nowMs: number | undefined,
  ): Promise<string> {
    const state = stateKey(this.#settings.prefix, "budgets", key);
    const budgets = this.#meters.flatMap(({ gain, full, worth, windowUs }, i) => [gain, full, worth, windowUs, permits[i]!].map(String));
    const { maxReservations } = this.#settings;
    const args = [this.#attemptTtlMs, scriptTime(nowMs), step, this.#leaseUs, String(maxReservations), id, attempt, String(permits.length)];
    return String(await this.#client.eval(BUDGET_SCRIPT, 2, `${state}:s`, `${state}:${memory}`, ...args, ...budgets));
  }

  #countedInput(input: number, cached: number): number {
    return this.#settings.cachedInputCounts ? input : input - cached;
  }

  #permits(input: number, output: number, requests: number): ReadonlyArray<number> {
    const counts: Record<BudgetUnit, number> = { requests, tokens: input + output, inputTokens: input, outputTokens: output };
    return this.#settings.budgets.map(({ unit }) => counts[unit]);
  }
}

function requireTokens(input: number, cached: number, output: number): void {
  const check = (argument: string, tokens: number, most: number): void => {
    if (Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= most) return;
    throw new PolicyFault(`tokenBudgets.${argument}`, `a whole number from 0 to ${most}`, tokens);
  };
  check("inputTokens", input, 1e12);
  check("cachedTokens", cached, input);
  check("outputTokens", output, 1e12);
}
