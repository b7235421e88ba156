import type { DelayRing, Kernel } from "../../kernel/Kernel.ts";
import { Phase as EventPhase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { BreakerSettings } from "../../policy/breaker/BreakerSettings.ts";
import type { BreakerSpec } from "../../policy/breaker/BreakerSpec.ts";
import type { CircuitBreaker } from "../../policy/breaker/CircuitBreaker.ts";
import { Outcome, outcomeOf } from "../../policy/breaker/Outcome.ts";
import { RouteEnd } from "../../policy/routing/Router.ts";
import type { Attempts } from "../Attempts.ts";
import { LEAST_WAIT_MS } from "../LeastWait.ts";
import { SLOT_BITS } from "../../kernel/SlotPool.ts";

const OP_UNBLOCK = 0;
const OP_SLOW = 1;
const NO_PERMIT = -1;
/** A breaker that does not know when to ask it again is asked after this long (assumed). */
const UNKNOWN_WAIT_MS = 1;

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
  declare readonly blocked: Uint8Array;
  declare private readonly options: ReplicaBreakersOptions;
  declare private readonly breakers: ReadonlyArray<CircuitBreaker>;
  declare private readonly permit: Column<Float64Array>;
  declare private readonly actor: number;
  /** Calls that are not slow yet; only where slow ones open a breaker. */
  private readonly timely: DelayRing | undefined;
  private rejectedBefore = 0;

  constructor(options: ReplicaBreakersOptions) {
    this.options = options;
    this.blocked = new Uint8Array(options.replicas);
    this.breakers = Array.from({ length: options.replicas }, () => options.breakerOf(options.spec));
    this.permit = options.attempts.float64();
    this.actor = options.kernel.join(this);
    const { slowCallMs } = options.spec;
    const judges = this.breakers.some(({ judgesPace }) => judgesPace === true);
    if (judges && slowCallMs !== undefined)
      this.timely = options.kernel.ring(slowCallMs, this.actor, OP_SLOW, EventPhase.Timeout, SLOT_BITS);
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
      this.timely?.start(attempt);
      return true;
    }
    this.block(replica, breaker.retryAfterMs);
    return false;
  }

  /** The attempt was not sent after all. */
  withdraw(replica: number, attempt: number): void {
    this.settle(replica, attempt, Outcome.Ignored);
    this.unblock(replica);
  }

  /** The attempt begins to be answered. */
  firstToken(attempt: number): void {
    if (this.options.spec.slowBy === "firstToken" && this.timely?.stop(attempt) === true) this.pace(attempt, false);
  }

  /** How the attempt ended, a `RouteEnd`, after so long. */
  ended(replica: number, attempt: number, how: number, lastedMs: number): void {
    const slowMs = this.options.spec.slowCallMs ?? Infinity;
    // Whoever hung up says nothing of the replica; that the call was slow by then is known already.
    const outcome = how === RouteEnd.Cancelled ? Outcome.Ignored : outcomeOf(how === RouteEnd.Completed, lastedMs, slowMs);
    this.settle(replica, attempt, outcome);
    // A probe's end may have freed its slot or closed the breaker: the next pick finds out.
    this.unblock(replica);
  }

  wake(op: number, ref: number): void {
    if (op === OP_UNBLOCK) return this.unblock(ref);
    this.pace(ref, true);
  }

  private pace(attempt: number, slow: boolean): void {
    const { attempts, kernel } = this.options;
    this.breakers[attempts.replica.at[attempt]!]!.pace?.(this.permit.at[attempt]!, slow, kernel.now);
  }

  /** An attempt that has moved on to another replica was settled where it began. */
  private settle(replica: number, attempt: number, outcome: number): void {
    const permit = this.permit.at[attempt]!;
    if (permit === NO_PERMIT) return;
    this.permit.at[attempt] = NO_PERMIT;
    this.timely?.stop(attempt);
    this.breakers[replica]!.settle(permit, outcome, this.options.kernel.now);
  }

  private block(replica: number, forMs: number): void {
    this.blocked[replica] = 1;
    const { kernel } = this.options;
    const waitMs = forMs > 0 ? Math.max(LEAST_WAIT_MS, forMs) : UNKNOWN_WAIT_MS;
    kernel.post(kernel.now + waitMs, this.actor, OP_UNBLOCK, replica, EventPhase.Control);
  }

  private unblock(replica: number): void {
    if (this.blocked[replica] === 0) return;
    this.blocked[replica] = 0;
    this.options.reopened(replica);
  }
}
