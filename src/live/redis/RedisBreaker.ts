import { breakerNumbers } from "../../policy/breaker/BreakerSettings.ts";
import type { BreakerNumbers, BreakerSettings } from "../../policy/breaker/BreakerSettings.ts";
import { Outcome } from "../../policy/breaker/Outcome.ts";
import { durationMicros } from "../../policy/Micros.ts";
import { PolicyFault } from "../../policy/PolicyFault.ts";
import { SettingFault } from "../../policy/SettingFault.ts";
import { BREAKER_SCRIPT } from "./BreakerScript.ts";
import { scriptTime, stateKey } from "./ScriptClient.ts";
import type { ScriptClient } from "./ScriptClient.ts";

export interface RedisBreakerSettings extends BreakerSettings {
  readonly prefix: string;
  /** How long an attempt's reply is remembered; longer than any resend takes. */
  readonly attemptTtlMs: number;
  /** A breaker that nobody asked for so long starts anew, closed; at least the longest opening, the lease and the ramp together. */
  readonly idleTtlMs: number;
}

/** A permit in the store. */
export interface SharedPermit {
  readonly key: string;
  readonly number: number;
  readonly epoch: number;
  /** When the state began that issued it, in microseconds of Redis' clock. */
  readonly bornUs: number;
}

export type AdmitReply =
  | { readonly admitted: true; readonly permit: SharedPermit; readonly phase: number }
  /** As Breaker.retryAfterMs. */
  | { readonly admitted: false; readonly retryAfterMs: number; readonly phase: number; readonly epoch: number };

export interface SettleReply {
  /** As Breaker.settle. */
  readonly counted: boolean;
  readonly phase: number;
  readonly epoch: number;
}

/**
 * Breakers of many keys shared through Redis: one round trip per step, on Redis' own clock, decided exactly as Breaker decides; the probes and their leases
 * are those of all processes together. Each step has an attempt id and takes effect once within `attemptTtlMs`. A rule over time is refused.
 */
export class RedisBreaker {
  readonly #client: ScriptClient;
  readonly #prefix: string;
  readonly #settings: ReadonlyArray<string>;
  readonly #maxOpenUs: number;
  readonly #attemptTtlMs: string;
  readonly #idleTtlMs: string;

  /** Throws SettingFault. */
  constructor(client: ScriptClient, settings: RedisBreakerSettings) {
    if (settings.trip.kind === "time") throw new SettingFault("breaker.trip.kind", "consecutive or count in Redis", settings.trip.kind);
    const numbers = breakerNumbers(settings);
    const idleTtlUs = durationMicros("redis.idleTtlMs", settings.idleTtlMs);
    const leastUs = numbers.maxOpenUs + numbers.probeLeaseUs + numbers.rampUs;
    if (idleTtlUs < leastUs) throw new SettingFault("redis.idleTtlMs", `at least ${leastUs / 1000}`, settings.idleTtlMs);
    this.#client = client;
    this.#prefix = settings.prefix;
    this.#settings = scriptSettings(numbers).map(String);
    this.#maxOpenUs = numbers.maxOpenUs;
    this.#attemptTtlMs = String(Math.ceil(durationMicros("redis.attemptTtlMs", settings.attemptTtlMs) / 1000));
    this.#idleTtlMs = String(Math.ceil(idleTtlUs / 1000));
  }

  /** As Breaker.admit. Rejects with what the client rejects with, and then a permit may have been issued: send it again to get it. */
  async admit(key: string, attempt: string, nowMs?: number): Promise<AdmitReply> {
    const [kind, first, ...rest] = await this.#run(key, `a:${attempt}`, "admit", [], nowMs);
    const [second, third, fourth] = rest.map(Number);
    if (kind === "R") return { admitted: false, retryAfterMs: Number(first) / 1000, phase: second!, epoch: third! };
    return { admitted: true, permit: { key, number: Number(first), epoch: second!, bornUs: third! }, phase: fourth! };
  }

  /** As Breaker.settle; `attempt` names this settlement. Throws PolicyFault. */
  async settle(permit: SharedPermit, attempt: string, outcome: number, serverRetryAfterMs = 0, nowMs?: number): Promise<SettleReply> {
    if (!(outcome >= Outcome.Success && outcome <= Outcome.Ignored && Number.isInteger(outcome))) {
      throw new PolicyFault("breaker.outcome", "one of Outcome", outcome);
    }
    if (!(serverRetryAfterMs >= 0)) throw new PolicyFault("breaker.serverRetryAfterMs", "a number >= 0", serverRetryAfterMs);
    const hintUs = Math.min(this.#maxOpenUs, Math.ceil(serverRetryAfterMs * 1000));
    const args = [permit.number, permit.epoch, permit.bornUs, outcome, hintUs].map(String);
    const [counted, phase, epoch] = await this.#run(permit.key, `e:${attempt}`, "settle", args, nowMs);
    return { counted: counted === "1", phase: Number(phase), epoch: Number(epoch) };
  }

  async #run(key: string, memory: string, step: string, args: ReadonlyArray<string>, nowMs: number | undefined) {
    const state = stateKey(this.#prefix, "breaker", key);
    const keys = [`${state}:s`, `${state}:${memory}`, `${state}:p`, `${state}:w`];
    const first = [this.#attemptTtlMs, scriptTime(nowMs), step, this.#idleTtlMs];
    return String(await this.#client.eval(BREAKER_SCRIPT, keys.length, ...keys, ...first, ...this.#settings, ...args)).split(" ");
  }
}

/** In the order of the script; a size of 0 counts failures in a row, a negative share never trips. */
function scriptSettings(numbers: BreakerNumbers): ReadonlyArray<number> {
  const { trip } = numbers;
  return [
    trip.kind === "count" ? trip.size : 0,
    numbers.minCalls,
    numbers.failurePpm,
    numbers.slowPpm === Infinity ? -1 : numbers.slowPpm,
    numbers.openForUs,
    numbers.openFactor,
    numbers.maxOpenUs,
    numbers.probes,
    numbers.successesNeeded,
    numbers.allowedFailures,
    numbers.probesPerRound,
    numbers.probeLeaseUs,
    numbers.rampUs,
    numbers.rampFromPpm,
    numbers.remembered,
  ];
}
