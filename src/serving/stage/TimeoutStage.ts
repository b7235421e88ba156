import type { Actor, DelayRing } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { SLOT_BITS } from "../../kernel/SlotPool.ts";

/** Each attempt's own time limit on the client's side: an attempt that is not over in time ends as `TimedOut`, and the connection is closed. */
export class TimeoutStage implements Door, GatewayListener, Actor {
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly rings: ReadonlyArray<DelayRing | undefined>;
  declare private listener: GatewayListener;

  /** `timeoutMs` by traffic class; undefined where attempts have no limit. */
  constructor(timeoutMs: ReadonlyArray<number | undefined>, simulation: typeof Simulation.Service, next: Door) {
    this.simulation = simulation;
    this.next = next;
    const { kernel } = simulation;
    const actor = kernel.join(this);
    this.rings = timeoutMs.map((ms) => (ms === undefined ? undefined : kernel.ring(ms, actor, 0, Phase.Timeout, SLOT_BITS)));
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const ring = this.ringOf(attempt);
    if (ring !== undefined) {
      const { attempts, kernel } = this.simulation;
      attempts.deadlineMs.at[attempt] = Math.min(attempts.deadlineMs.at[attempt]!, kernel.now + ring.delayMs);
      ring.start(attempt);
    }
    this.next.submit(attempt);
  }

  hangUp(attempt: number): void {
    this.ringOf(attempt)?.stop(attempt);
    this.next.hangUp(attempt);
  }

  /** The limit has passed. The client learns of it first: its attempt is over whatever the servers do. */
  wake(_op: number, attempt: number): void {
    this.listener.ended(attempt, AttemptEnd.TimedOut);
    this.next.hangUp(attempt);
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    this.ringOf(attempt)?.stop(attempt);
    this.listener.ended(attempt, how);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private ringOf(attempt: number): DelayRing | undefined {
    return this.rings[this.simulation.attempts.classIndex.at[attempt]!];
  }
}
