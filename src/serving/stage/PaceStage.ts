import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { AdaptiveRate } from "../../policy/retry/AdaptiveRate.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { clientOf } from "../client/clientOf.ts";
import { SlotList } from "../engine/SlotList.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import { LEAST_WAIT_MS } from "../LeastWait.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";

/** One client's rate, and its attempts that wait for it, oldest first. */
interface Pace {
  readonly rate: AdaptiveRate;
  readonly waiting: SlotList;
  /** Of the next look at them; -1 without one. */
  ticket: number;
}

const NONE = -1;

/** Holds each client's attempts back to the rate that throttling answers (rejections, and refusals for lack of room) leave it; unlimited before the first. */
export class PaceStage implements Door, GatewayListener, Actor {
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly actor: number;
  /** By class and client; undefined for classes without. */
  declare private readonly paces: ReadonlyArray<ReadonlyArray<Pace> | undefined>;
  declare private readonly all: ReadonlyArray<Pace>;
  /** The pace that an attempt keeps to, by its place among all; -1 for none. */
  declare private readonly paceOf: Column<Int32Array>;
  /** 1 while the attempt waits here. */
  declare private readonly waits: Column<Int32Array>;
  declare private readonly firstPace: ReadonlyArray<number>;
  declare private listener: GatewayListener;

  constructor(classes: ReadonlyArray<TrafficClassSpec>, simulation: typeof Simulation.Service, next: Door) {
    this.simulation = simulation;
    this.next = next;
    this.actor = simulation.kernel.join(this);
    const { attempts } = simulation;
    this.paceOf = attempts.int32();
    this.waits = attempts.int32();
    this.paces = classes.map(({ client }) =>
      client.adaptiveRate === true
        ? Array.from({ length: client.instances ?? 1 }, () => ({ rate: new AdaptiveRate(), waiting: new SlotList(attempts), ticket: NONE }))
        : undefined,
    );
    this.all = this.paces.flatMap((paces) => paces ?? []);
    let first = 0;
    this.firstPace = this.paces.map((paces) => (first += paces?.length ?? 0) - (paces?.length ?? 0));
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const { attempts, requests, kernel } = this.simulation;
    const classIndex = attempts.classIndex.at[attempt]!;
    const paces = this.paces[classIndex];
    this.waits.at[attempt] = 0;
    this.paceOf.at[attempt] = NONE;
    if (paces === undefined) return this.next.submit(attempt);
    const place = this.firstPace[classIndex]! + clientOf(requests, attempts.request.at[attempt]!, paces.length);
    this.paceOf.at[attempt] = place;
    const pace = this.all[place]!;
    const waitMs = pace.waiting.length > 0 ? Infinity : pace.rate.acquireMs(kernel.now);
    if (waitMs === 0) return this.next.submit(attempt);
    this.waits.at[attempt] = 1;
    pace.waiting.pushBack(attempt);
    if (waitMs < Infinity) this.lookIn(waitMs, place);
  }

  hangUp(attempt: number): void {
    if (this.waits.at[attempt] !== 1) return this.next.hangUp(attempt);
    this.waits.at[attempt] = 0;
    this.all[this.paceOf.at[attempt]!]!.waiting.remove(attempt);
    this.simulation.attempts.give(attempt);
  }

  wake(_op: number, place: number): void {
    const pace = this.all[place]!;
    pace.ticket = NONE;
    this.release(place);
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    const place = this.paceOf.at[attempt]!;
    if (place !== NONE) this.all[place]!.rate.answered(how === AttemptEnd.Rejected || how === AttemptEnd.Shed, this.simulation.kernel.now);
    this.listener.ended(attempt, how);
    // The rate is another one now: who waits may go sooner.
    if (place !== NONE && this.all[place]!.waiting.length > 0) this.release(place);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  /** Sends who waits, as far as the rate allows. */
  private release(place: number): void {
    const pace = this.all[place]!;
    while (pace.waiting.length > 0) {
      const waitMs = pace.rate.acquireMs(this.simulation.kernel.now);
      if (waitMs > 0) return this.lookIn(waitMs, place);
      const attempt = pace.waiting.first;
      pace.waiting.remove(attempt);
      this.waits.at[attempt] = 0;
      this.next.submit(attempt);
    }
  }

  private lookIn(waitMs: number, place: number): void {
    const { kernel } = this.simulation;
    const pace = this.all[place]!;
    if (pace.ticket !== NONE) kernel.revoke(pace.ticket);
    pace.ticket = kernel.post(kernel.now + Math.max(LEAST_WAIT_MS, waitMs), this.actor, 0, place, Phase.Arrival);
  }
}
