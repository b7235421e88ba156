import { costParts } from "../../policy/limiter/Cost.ts";
import { Refill } from "../../policy/limiter/Refill.ts";
import type { RefillSettings } from "../../policy/limiter/Refill.ts";
import { durationMicros } from "../../policy/Micros.ts";
import { GCRA_SCRIPT, TOKEN_BUCKET_SCRIPT } from "./LimiterScripts.ts";
import { scriptTime, stateKey } from "./ScriptClient.ts";
import type { ScriptClient } from "./ScriptClient.ts";

export interface RedisRateLimiterSettings extends RefillSettings {
  readonly algorithm: "tokenBucket" | "gcra";
  readonly prefix: string;
  /** How long an attempt's reply is remembered; longer than any resend takes. */
  readonly attemptTtlMs: number;
}

/**
 * TokenBucket or Gcra shared through Redis: one round trip per decision, on Redis' own clock, decided exactly as the pure machine decides. The same
 * attempt id charges once within `attemptTtlMs`, however often the command is resent. If Redis' clock steps back, nobody gets credit, and refill rests
 * until it has caught up. The caller bounds the wait and chooses what a rejected promise means.
 */
export class RedisRateLimiter {
  declare readonly capacity: number;
  readonly #client: ScriptClient;
  readonly #settings: RedisRateLimiterSettings;
  readonly #refill: Refill;
  readonly #attemptTtlMs: string;

  /** Throws SettingFault. */
  constructor(client: ScriptClient, settings: RedisRateLimiterSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#refill = new Refill(settings.algorithm, settings);
    this.#attemptTtlMs = String(Math.ceil(durationMicros("redis.attemptTtlMs", settings.attemptTtlMs) / 1000));
    this.capacity = settings.burst;
  }

  /**
   * As RateLimiter.take. `nowMs` replaces Redis' clock, for tests. Throws PolicyFault for a wrong cost; rejects with what the client rejects with, and
   * then the attempt may have been charged: send it again with the same id to know.
   */
  async take(key: string, attempt: string, cost: number, nowMs?: number): Promise<number> {
    const { algorithm, prefix } = this.#settings;
    const units = costParts(algorithm, cost, this.#refill.parts) * this.#refill.worth;
    if (units > this.#refill.full) return Infinity;
    const state = stateKey(prefix, algorithm, key);
    const reply = await this.#client.eval(
      algorithm === "gcra" ? GCRA_SCRIPT : TOKEN_BUCKET_SCRIPT,
      2,
      `${state}:s`,
      `${state}:a:${attempt}`,
      this.#attemptTtlMs,
      scriptTime(nowMs),
      String(this.#refill.gain),
      String(this.#refill.full),
      String(units),
    );
    return Number(reply) / 1000;
  }
}
