import type { Column } from "../../kernel/SlotPool.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { RateLimitSpec } from "../ServingSpec.ts";
import type { Simulation } from "../Simulation.ts";
import type { Store, StoreClient } from "../store/Store.ts";
import type { Door } from "./Door.ts";
import type { AskedLimiter } from "./limiterOf.ts";
import { sharedByKey } from "./sharedByKey.ts";
import type { TokenReservations } from "./TokenReservations.ts";

/** One limit of the gateway. */
export interface RateLimit extends Omit<RateLimitSpec, "limiter"> {
  readonly limiter: AskedLimiter;
}

const NONE = -1;
const ADMITTED = 0;

/**
 * Rate limits in front of the gateway: an attempt passes when every limit admits it, and then all are charged; else it is rejected with the
 * longest wait as its Retry-After, and nothing is charged. With a store the limits are kept there: each decision takes a round trip; what an attempt
 * has used is written there when it ends, without waiting.
 */
export class RateLimitStage implements Door, GatewayListener, StoreClient {
  /** Attempts rejected since the start of the measurement. */
  rejected = 0;
  declare private readonly limits: ReadonlyArray<RateLimit>;
  declare private readonly simulation: typeof Simulation.Service;
  private readonly store: Store | undefined;
  declare private readonly client: number;
  private readonly reservations: TokenReservations | undefined;
  declare private readonly next: Door;
  /** Bucket of each limit and traffic class. */
  declare private readonly states: ReadonlyArray<ReadonlyArray<unknown>>;
  /** What the store decided: 0 or the wait in ms. */
  declare private readonly wait: Column<Float64Array>;
  /** 1 while the store is asked. */
  declare private readonly asking: Column<Int32Array>;
  declare private listener: GatewayListener;

  constructor(
    limits: ReadonlyArray<RateLimit>,
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    store: Store | undefined,
    next: Door,
    reservations?: TokenReservations,
  ) {
    this.limits = limits;
    this.simulation = simulation;
    this.store = store;
    this.client = store?.join(this) ?? NONE;
    this.next = next;
    this.reservations = reservations;
    this.states = limits.map(({ per, limiter }) => sharedByKey(per, classes, () => limiter.open(simulation.kernel.now)));
    this.wait = simulation.attempts.float64();
    this.asking = simulation.attempts.int32();
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    this.asking.at[attempt] = 0;
    this.reservations?.forget(attempt);
    if (this.store === undefined) return this.decided(attempt, this.decide(attempt));
    this.asking.at[attempt] = 1;
    this.store.ask(this.client, attempt);
  }

  hangUp(attempt: number): void {
    if (this.asking.at[attempt] !== 1) {
      this.reservations?.canceled(attempt);
      return this.next.hangUp(attempt);
    }
    this.store!.forget(attempt);
    this.reservations?.refund(attempt);
    this.simulation.attempts.give(attempt);
  }

  execute(attempt: number): void {
    this.wait.at[attempt] = this.decide(attempt);
  }

  replied(attempt: number): void {
    this.asking.at[attempt] = 0;
    this.decided(attempt, this.wait.at[attempt]!);
  }

  unavailable(attempt: number): void {
    this.asking.at[attempt] = 0;
    this.reservations?.forget(attempt);
    if (this.store!.spec.onFailure === "open") this.next.submit(attempt);
    else this.reject(attempt, NaN);
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    this.reservations?.ended(attempt, how);
    this.listener.ended(attempt, how);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private decided(attempt: number, waitMs: number): void {
    if (waitMs === ADMITTED) this.next.submit(attempt);
    else this.reject(attempt, waitMs);
  }

  private reject(attempt: number, waitMs: number): void {
    const { attempts } = this.simulation;
    this.rejected++;
    attempts.retryAfterMs.at[attempt] = waitMs;
    this.listener.ended(attempt, AttemptEnd.Rejected);
    attempts.give(attempt);
  }

  /** 0, and all limits are charged; or the longest wait, and none is. */
  private decide(attempt: number): number {
    const { now } = this.simulation.kernel;
    let waitMs = 0;
    for (let i = 0; i < this.limits.length; i++) {
      const { limiter } = this.limits[i]!;
      waitMs = Math.max(waitMs, limiter.waitMs(this.stateOf(i, attempt), this.costOf(i, attempt), now));
    }
    if (this.reservations !== undefined) waitMs = Math.max(waitMs, this.reservations.reserve(attempt));
    if (waitMs > 0) {
      this.reservations?.refund(attempt);
      return waitMs;
    }
    for (let i = 0; i < this.limits.length; i++) this.limits[i]!.limiter.take(this.stateOf(i, attempt), this.costOf(i, attempt), now);
    return ADMITTED;
  }

  private stateOf(limit: number, attempt: number): unknown {
    return this.states[limit]![this.simulation.attempts.classIndex.at[attempt]!];
  }

  private costOf(limit: number, attempt: number): number {
    return this.limits[limit]!.cost === "request" ? 1 : this.simulation.attempts.promptTokens.at[attempt]!;
  }
}
