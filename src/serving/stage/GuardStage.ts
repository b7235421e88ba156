import type { Actor, DelayRing } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { BreakerSettings } from "../../policy/breaker/BreakerSettings.ts";
import type { CircuitBreaker } from "../../policy/breaker/CircuitBreaker.ts";
import { Outcome, outcomeOf } from "../../policy/breaker/Outcome.ts";
import { ClientThrottle } from "../../policy/shedding/ClientThrottle.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { clientOf } from "../client/clientOf.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd, isAnswer } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { SLOT_BITS } from "../../kernel/SlotPool.ts";

/** What one client keeps of its backend. */
interface Guard {
  readonly breaker: CircuitBreaker | undefined;
  readonly throttle: ClientThrottle | undefined;
}

const NO_PERMIT = -1;

/**
 * The breaker and the throttle of each client: what they refuse never leaves the client. A time-out, a failure and a refusal by lack of room count
 * as failures of the backend; a rejection by a limiter and a hang-up by the client say nothing of it to the breaker, but a rejected attempt was not
 * accepted, which is what the throttle counts.
 */
export class GuardStage implements Door, GatewayListener, Actor {
  declare private readonly classes: ReadonlyArray<TrafficClassSpec>;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly blocked: (rule: "breaker" | "throttle") => void;
  /** By class and client. */
  declare private readonly guards: ReadonlyArray<ReadonlyArray<Guard>>;
  declare private readonly draw: () => number;
  /** By class: calls that are not slow yet; only where slow ones open a breaker. */
  declare private readonly timely: ReadonlyArray<DelayRing | undefined>;
  declare private readonly permit: Column<Float64Array>;
  declare private readonly sentMs: Column<Float64Array>;
  declare private readonly client: Column<Int32Array>;
  declare private listener: GatewayListener;

  constructor(
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    next: Door,
    blocked: (rule: "breaker" | "throttle") => void,
    breakerOf: (spec: BreakerSettings) => CircuitBreaker,
  ) {
    this.blocked = blocked;
    this.classes = classes;
    this.simulation = simulation;
    this.next = next;
    this.guards = classes.map(({ client }) => Array.from({ length: client.instances ?? 1 }, () => guardOf(client, breakerOf)));
    const sequence = simulation.streams.open("client", "throttle").sequence();
    this.draw = () => sequence.unit();
    const actor = simulation.kernel.join(this);
    this.timely = classes.map(({ client: { breaker } }, i) => {
      const judges = breaker?.slowCallMs !== undefined && this.guards[i]![0]!.breaker!.judgesPace === true;
      return judges ? simulation.kernel.ring(breaker.slowCallMs, actor, 0, Phase.Timeout, SLOT_BITS) : undefined;
    });
    const { attempts } = simulation;
    this.permit = attempts.float64();
    this.sentMs = attempts.float64();
    this.client = attempts.int32();
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const { attempts, requests, kernel } = this.simulation;
    const request = attempts.request.at[attempt]!;
    const guards = this.guards[attempts.classIndex.at[attempt]!]!;
    const client = clientOf(requests, request, guards.length);
    const { breaker, throttle } = guards[client]!;
    this.client.at[attempt] = client;
    this.permit.at[attempt] = NO_PERMIT;
    this.sentMs.at[attempt] = kernel.now;
    if (throttle?.admits(this.draw(), kernel.now) === false) return this.refuse(attempt, "throttle", NaN);
    if (breaker !== undefined) {
      const permit = breaker.admit(kernel.now);
      if (permit < 0) return this.refuse(attempt, "breaker", breaker.retryAfterMs);
      this.permit.at[attempt] = permit;
      this.timely[attempts.classIndex.at[attempt]!]?.start(attempt);
    }
    this.next.submit(attempt);
  }

  hangUp(attempt: number): void {
    this.settle(attempt, Outcome.Ignored, 0);
    this.next.hangUp(attempt);
  }

  /** The call is slow, and goes on. */
  wake(_op: number, attempt: number): void {
    this.pace(attempt, true);
  }

  firstToken(attempt: number): void {
    const classIndex = this.simulation.attempts.classIndex.at[attempt]!;
    const byFirstToken = this.classes[classIndex]!.client.breaker?.slowBy === "firstToken";
    if (byFirstToken && this.timely[classIndex]?.stop(attempt) === true) this.pace(attempt, false);
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    const { attempts, kernel } = this.simulation;
    const answered = isAnswer(how);
    const { client } = this.classes[attempts.classIndex.at[attempt]!]!;
    const slowMs = client.breaker?.slowCallMs ?? Infinity;
    const outcome =
      how === AttemptEnd.Rejected || how === AttemptEnd.Refused
        ? Outcome.Ignored
        : outcomeOf(answered, kernel.now - this.sentMs.at[attempt]!, slowMs);
    const hintMs = attempts.retryAfterMs.at[attempt]!;
    this.settle(attempt, outcome, hintMs > 0 && hintMs < Infinity ? hintMs : 0);
    if (answered) this.guardOf(attempt).throttle?.accepted(kernel.now);
    this.listener.ended(attempt, how);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private refuse(attempt: number, rule: "breaker" | "throttle", waitMs: number): void {
    this.blocked(rule);
    const { attempts } = this.simulation;
    attempts.retryAfterMs.at[attempt] = waitMs;
    this.listener.ended(attempt, AttemptEnd.Blocked);
    attempts.give(attempt);
  }

  private pace(attempt: number, slow: boolean): void {
    this.guardOf(attempt).breaker!.pace?.(this.permit.at[attempt]!, slow, this.simulation.kernel.now);
  }

  private settle(attempt: number, outcome: number, hintMs: number): void {
    const permit = this.permit.at[attempt]!;
    if (permit < 0) return;
    this.permit.at[attempt] = NO_PERMIT;
    this.timely[this.simulation.attempts.classIndex.at[attempt]!]?.stop(attempt);
    this.guardOf(attempt).breaker!.settle(permit, outcome, this.simulation.kernel.now, hintMs);
  }

  private guardOf(attempt: number): Guard {
    return this.guards[this.simulation.attempts.classIndex.at[attempt]!]![this.client.at[attempt]!]!;
  }
}

const guardOf = ({ breaker, throttle }: TrafficClassSpec["client"], breakerOf: (spec: BreakerSettings) => CircuitBreaker): Guard => ({
  breaker: breaker && breakerOf(breaker),
  throttle: throttle && new ClientThrottle(throttle),
});
