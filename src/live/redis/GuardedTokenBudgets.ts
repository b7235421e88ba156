import { TokenBudgets } from "../../policy/limiter/index.ts";
import type { TokenBudgetsSettings } from "../../policy/limiter/index.ts";
import { requireSetting } from "../../policy/SettingFault.ts";
import { orElse } from "./FailureMode.ts";
import type { Decided, LimitFailureMode } from "./FailureMode.ts";
import { shareOf } from "./GuardedRateLimiter.ts";
import { LocalStates } from "./LocalStates.ts";
import { RedisTokenBudgets } from "./RedisTokenBudgets.ts";
import type { RedisTokenBudgetsSettings, SharedReservation } from "./RedisTokenBudgets.ts";
import type { StoreGuard } from "./StoreGuard.ts";

export type SharedBudgetsSettings = RedisTokenBudgetsSettings & { readonly onStoreFault: LimitFailureMode };

/** Where a reservation is held; one that nobody counts needs no end. */
export type Reservation =
  | { readonly by: "store"; readonly shared: SharedReservation }
  | { readonly by: "local"; readonly budgets: TokenBudgets; readonly id: number }
  | { readonly by: "open" };

export type ReserveDecision = Decided &
  ({ readonly admitted: true; readonly reservation: Reservation } | { readonly admitted: false; readonly retryAfterMs: number });

export interface EndDecision extends Decided {
  /** As TokenBudgets.settle; false also when the store gave no answer: then the reservation ends as it was estimated, by its lease, unless sent again. */
  readonly ended: boolean;
}

/**
 * Token budgets in Redis that always decide within the guard's deadline; a reservation ends where it was made. Mode `local`: as in GuardedRateLimiter, for
 * each budget and with `maxReservations` per process and key.
 */
export class GuardedTokenBudgets {
  readonly #shared: RedisTokenBudgets;
  readonly #local: LocalStates<TokenBudgets> | undefined;
  readonly #mode: LimitFailureMode;
  readonly #nowMs: () => number;

  /** Throws SettingFault. `nowMs` is a monotone clock of the process. */
  constructor(store: StoreGuard, settings: SharedBudgetsSettings, nowMs: () => number = () => performance.now()) {
    this.#shared = new RedisTokenBudgets(store, settings);
    this.#mode = settings.onStoreFault;
    this.#nowMs = nowMs;
    if (this.#mode.kind === "local") this.#local = localStates(settings, this.#mode.shareRatio, this.#mode.maxKeys);
  }

  /** As RedisTokenBudgets.reserve, but throws PolicyFault only. */
  async reserve(
    key: string,
    attempt: string,
    inputTokens: number,
    cachedTokens: number,
    maxOutputTokens: number,
  ): Promise<ReserveDecision> {
    const answer = this.#shared
      .reserve(key, attempt, inputTokens, cachedTokens, maxOutputTokens)
      .then((reply): ReserveDecision =>
        reply.admitted
          ? { admitted: true, by: "store", reservation: { by: "store", shared: reply.reservation } }
          : { admitted: false, by: "store", retryAfterMs: reply.retryAfterMs },
      );
    return orElse(answer, (fault): ReserveDecision => {
      const by = this.#mode.kind;
      if (this.#mode.kind === "closed") return { admitted: false, by, fault, retryAfterMs: this.#mode.retryAfterMs };
      if (this.#mode.kind === "open") return { admitted: true, by, fault, reservation: { by: "open" } };
      const nowMs = this.#nowMs();
      const budgets = this.#local!.use(key, nowMs);
      if (budgets === undefined) return { admitted: false, by, fault, retryAfterMs: Infinity };
      const id = budgets.reserve(inputTokens, cachedTokens, maxOutputTokens, nowMs);
      if (id < 0) return { admitted: false, by, fault, retryAfterMs: budgets.retryAfterMs };
      return { admitted: true, by, fault, reservation: { by: "local", budgets, id } };
    });
  }

  /** As RedisTokenBudgets.settle, but throws PolicyFault only. */
  async settle(
    reservation: Reservation,
    attempt: string,
    inputTokens: number,
    cachedTokens: number,
    outputTokens: number,
  ): Promise<EndDecision> {
    if (reservation.by === "open") return { ended: true, by: "open" };
    if (reservation.by === "local") {
      const ended = reservation.budgets.settle(reservation.id, inputTokens, cachedTokens, outputTokens, this.#nowMs());
      return { ended, by: "local" };
    }
    return ending(this.#shared.settle(reservation.shared, attempt, inputTokens, cachedTokens, outputTokens));
  }

  /** As RedisTokenBudgets.refund, but throws nothing. */
  async refund(reservation: Reservation, attempt: string): Promise<EndDecision> {
    if (reservation.by === "open") return { ended: true, by: "open" };
    if (reservation.by === "local") return { ended: reservation.budgets.refund(reservation.id, this.#nowMs()), by: "local" };
    return ending(this.#shared.refund(reservation.shared, attempt));
  }
}

function ending(answer: Promise<boolean>): Promise<EndDecision> {
  return orElse(
    answer.then((ended): EndDecision => ({ ended, by: "store" })),
    (fault): EndDecision => ({ ended: false, by: "store", fault }),
  );
}

/** A key is idle when its budgets are full and its leases have ended; debt counts as one more capacity. */
function localStates(settings: TokenBudgetsSettings, shareRatio: number, maxKeys: number): LocalStates<TokenBudgets> {
  requireSetting("redis.onStoreFault.shareRatio", shareRatio, { above: 0, most: 1 });
  requireSetting("redis.onStoreFault.maxKeys", maxKeys, { least: 1, whole: true });
  const budgets = settings.budgets.map((budget) =>
    "windowMs" in budget
      ? { ...budget, limit: Math.max(1, Math.floor(budget.limit * shareRatio)) }
      : { ...budget, ...shareOf(budget, shareRatio) },
  );
  const open = (): TokenBudgets => new TokenBudgets({ ...settings, budgets });
  open();
  const fillMs = Math.max(
    ...budgets.map((budget) => ("windowMs" in budget ? budget.windowMs : (2 * budget.burst * budget.perMs) / budget.permits)),
  );
  return new LocalStates(maxKeys, fillMs + settings.leaseMs, open);
}
