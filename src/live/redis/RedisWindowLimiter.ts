import { wholeCost } from "../../policy/limiter/Cost.ts";
import { windowMicros } from "../../policy/limiter/WindowSettings.ts";
import type { WindowSettings } from "../../policy/limiter/WindowSettings.ts";
import { durationMicros } from "../../policy/Micros.ts";
import { scriptTime, stateKey } from "./ScriptClient.ts";
import type { ScriptClient } from "./ScriptClient.ts";
import { SLIDING_COUNTER_SCRIPT, SLIDING_LOG_SCRIPT } from "./WindowScripts.ts";

export interface RedisWindowLimiterSettings extends WindowSettings {
  readonly algorithm: "slidingCounter" | "slidingLog";
  readonly prefix: string;
  /** How long an attempt's reply is remembered; longer than any resend takes. */
  readonly attemptTtlMs: number;
}

/**
 * SlidingCounter or SlidingLog shared through Redis, decided exactly as the pure machine decides; otherwise as RedisRateLimiter. The log keeps one list
 * entry per admission of a window, the counter three numbers.
 */
export class RedisWindowLimiter {
  declare readonly capacity: number;
  readonly #client: ScriptClient;
  readonly #settings: RedisWindowLimiterSettings;
  readonly #windowUs: string;
  readonly #attemptTtlMs: string;

  /** Throws SettingFault. */
  constructor(client: ScriptClient, settings: RedisWindowLimiterSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#windowUs = String(windowMicros(settings.algorithm, settings));
    this.#attemptTtlMs = String(Math.ceil(durationMicros("redis.attemptTtlMs", settings.attemptTtlMs) / 1000));
    this.capacity = settings.limit;
  }

  /** As RedisRateLimiter.take. */
  async take(key: string, attempt: string, cost: number, nowMs?: number): Promise<number> {
    const { algorithm, prefix, limit } = this.#settings;
    wholeCost(algorithm, cost);
    if (cost > limit) return Infinity;
    const state = stateKey(prefix, algorithm, key);
    const keys = [`${state}:s`, `${state}:a:${attempt}`, `${state}:l`];
    const reply = await this.#client.eval(
      algorithm === "slidingLog" ? SLIDING_LOG_SCRIPT : SLIDING_COUNTER_SCRIPT,
      keys.length,
      ...keys,
      this.#attemptTtlMs,
      scriptTime(nowMs),
      this.#windowUs,
      String(limit),
      String(cost),
    );
    return Number(reply) / 1000;
  }
}
