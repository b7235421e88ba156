import { Breaker } from "../../policy/breaker/index.ts";
import { requireSetting } from "../../policy/SettingFault.ts";
import { orElse } from "./FailureMode.ts";
import type { Decided, FailureMode } from "./FailureMode.ts";
import { LocalStates } from "./LocalStates.ts";
import { RedisBreaker } from "./RedisBreaker.ts";
import type { RedisBreakerSettings, SharedPermit } from "./RedisBreaker.ts";
import type { StoreGuard } from "./StoreGuard.ts";

export type SharedBreakerSettings = RedisBreakerSettings & { readonly onStoreFault: FailureMode };

/** Where a permit was issued; one that nobody counts needs no outcome. */
export type Permit =
  | { readonly by: "store"; readonly shared: SharedPermit }
  | { readonly by: "local"; readonly breaker: Breaker; readonly number: number }
  | { readonly by: "open" };

export type AdmitDecision = Decided &
  ({ readonly admitted: true; readonly permit: Permit } | { readonly admitted: false; readonly retryAfterMs: number });

export interface OutcomeDecision extends Decided {
  /** As Breaker.settle; false also when the store gave no answer. */
  readonly counted: boolean;
}

/**
 * A breaker in Redis that always decides within the guard's deadline; an outcome goes where its permit was issued. Mode `local`: each process has a breaker
 * with the same settings, so there are at most `probes` probes per process.
 */
export class GuardedBreaker {
  readonly #shared: RedisBreaker;
  readonly #local: LocalStates<Breaker> | undefined;
  readonly #mode: FailureMode;
  readonly #nowMs: () => number;

  /** Throws SettingFault. `nowMs` is a monotone clock of the process. */
  constructor(store: StoreGuard, settings: SharedBreakerSettings, nowMs: () => number = () => performance.now()) {
    this.#shared = new RedisBreaker(store, settings);
    this.#mode = settings.onStoreFault;
    this.#nowMs = nowMs;
    if (this.#mode.kind !== "local") return;
    requireSetting("redis.onStoreFault.maxKeys", this.#mode.maxKeys, { least: 1, whole: true });
    this.#local = new LocalStates(this.#mode.maxKeys, settings.idleTtlMs, () => new Breaker(settings));
  }

  /** As RedisBreaker.admit, but throws nothing. */
  async admit(key: string, attempt: string): Promise<AdmitDecision> {
    const answer = this.#shared
      .admit(key, attempt)
      .then((reply): AdmitDecision =>
        reply.admitted
          ? { admitted: true, by: "store", permit: { by: "store", shared: reply.permit } }
          : { admitted: false, by: "store", retryAfterMs: reply.retryAfterMs },
      );
    return orElse(answer, (fault): AdmitDecision => {
      const by = this.#mode.kind;
      if (this.#mode.kind === "closed") return { admitted: false, by, fault, retryAfterMs: this.#mode.retryAfterMs };
      if (this.#mode.kind === "open") return { admitted: true, by, fault, permit: { by: "open" } };
      const nowMs = this.#nowMs();
      const breaker = this.#local!.use(key, nowMs);
      if (breaker === undefined) return { admitted: false, by, fault, retryAfterMs: Infinity };
      const number = breaker.admit(nowMs);
      if (number < 0) return { admitted: false, by, fault, retryAfterMs: breaker.retryAfterMs };
      return { admitted: true, by, fault, permit: { by: "local", breaker, number } };
    });
  }

  /** As RedisBreaker.settle, but throws PolicyFault only. */
  async settle(permit: Permit, attempt: string, outcome: number, serverRetryAfterMs = 0): Promise<OutcomeDecision> {
    if (permit.by === "open") return { counted: false, by: "open" };
    if (permit.by === "local") {
      return { counted: permit.breaker.settle(permit.number, outcome, this.#nowMs(), serverRetryAfterMs), by: "local" };
    }
    const answer = this.#shared.settle(permit.shared, attempt, outcome, serverRetryAfterMs);
    return orElse(
      answer.then(({ counted }): OutcomeDecision => ({ counted, by: "store" })),
      (fault): OutcomeDecision => ({ counted: false, by: "store", fault }),
    );
  }
}
