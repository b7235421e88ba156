import type { Kernel } from "../../kernel/Kernel.ts";
import { Phase as EventPhase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { CircuitBreaker } from "../../policy/breaker/CircuitBreaker.ts";
import type { BreakerSettings } from "../../policy/breaker/BreakerSettings.ts";
import { Outcome, outcomeOf } from "../../policy/breaker/Outcome.ts";
import { RouteEnd } from "../../policy/routing/Router.ts";
import type { Attempts } from "../Attempts.ts";

/** A breaker, and from when on a call counts as slow. */
export interface BreakerSpec extends BreakerSettings {
  readonly slowCallMs?: number;
}

export interface ReplicaBreakersOptions {
  readonly spec: BreakerSpec;
  readonly breakerOf: (spec: BreakerSettings) => CircuitBreaker;
  readonly replicas: number;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  /** Told when a replica may be asked again. */
  readonly reopened: (replica: number) => void;
}

/** A breaker in front of each replica: while it refuses, the gateway sends nothing there. */
export class ReplicaBreakers {
  /** 1 while the breaker of a replica refuses. */
  readonly blocked: Uint8Array;
  private readonly options: ReplicaBreakersOptions;
  private readonly breakers: ReadonlyArray<CircuitBreaker>;
  private readonly permit: Column<Float64Array>;
  private readonly actor: number;
  private rejectedBefore = 0;

  constructor(options: ReplicaBreakersOptions) {
    this.options = options;
    this.blocked = new Uint8Array(options.replicas);
    this.breakers = Array.from({ length: options.replicas }, () => options.breakerOf(options.spec));
    this.permit = options.attempts.pool.float64();
    this.actor = options.kernel.join(this);
  }

  /** How often breakers refused since the start of the measurement. */
  get rejected(): number {
    return this.breakers.reduce((sum, breaker) => sum + breaker.rejected, 0) - this.rejectedBefore;
  }

  startMeasuring(): void {
    this.rejectedBefore += this.rejected;
  }

  /** A permit for the attempt; false: the replica is blocked now. */
  admit(replica: number, attempt: number): boolean {
    const { kernel } = this.options;
    const breaker = this.breakers[replica]!;
    const permit = breaker.admit(kernel.now);
    if (permit >= 0) {
      this.permit.at[attempt] = permit;
      return true;
    }
    this.block(replica, breaker.retryAfterMs);
    return false;
  }

  /** The attempt was not sent after all. */
  withdraw(replica: number, attempt: number): void {
    this.breakers[replica]!.settle(this.permit.at[attempt]!, Outcome.Ignored, this.options.kernel.now);
    this.unblock(replica);
  }

  /** How the attempt ended, a `RouteEnd`, after so long. */
  ended(replica: number, attempt: number, how: number, lastedMs: number): void {
    const slowMs = this.options.spec.slowCallMs ?? Infinity;
    const outcome = how === RouteEnd.Cancelled ? cancelled(lastedMs, slowMs) : outcomeOf(how === RouteEnd.Completed, lastedMs, slowMs);
    this.breakers[replica]!.settle(this.permit.at[attempt]!, outcome, this.options.kernel.now);
    // A probe's end may have freed its slot or closed the breaker: the next pick finds out.
    this.unblock(replica);
  }

  wake(_op: number, replica: number): void {
    this.unblock(replica);
  }

  private block(replica: number, forMs: number): void {
    this.blocked[replica] = 1;
    const { kernel } = this.options;
    kernel.post(kernel.now + forMs, this.actor, 0, replica, EventPhase.Control);
  }

  private unblock(replica: number): void {
    if (this.blocked[replica] === 0) return;
    this.blocked[replica] = 0;
    this.options.reopened(replica);
  }
}

/** Whoever hung up says nothing of the replica, unless the call had lasted too long by then. */
const cancelled = (lastedMs: number, slowMs: number): number => (lastedMs >= slowMs ? Outcome.SlowSuccess : Outcome.Ignored);
