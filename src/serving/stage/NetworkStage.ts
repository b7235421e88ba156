import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Sampler } from "../../kernel/Sampler.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { Draws } from "../../kernel/Streams.ts";
import { samplerOf } from "../../workload/SamplerOf.ts";
import type { SamplerSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { copyResult, twinOf } from "./Twins.ts";

/** The way between clients and gateway. */
export interface NetworkSpec {
  /** One way, in ms; drawn apart for each way of each attempt. */
  readonly latency: SamplerSpec;
  /** Share of messages, each way, that never arrive, 0..1: their sender waits until a time limit of its own. */
  readonly lossRatio: number;
}

const OP_ARRIVE = 0;
const OP_FIRST = 1;
const OP_REPLY = 2;
const NONE = -1;
/** Draws of one attempt: latency and loss, there and back. */
const TRIES_SPAN = 1024;

/**
 * Carries attempts to the gateway and answers back. On the far side an attempt has a slot of its own, so that the near side may give up
 * while the far side still works. A hang-up is known at the far side at once (assumed: it matters less than the work that it saves).
 * All tokens of an answer are delayed by the same draw: what was in order stays in order.
 */
export class NetworkStage implements Door, GatewayListener, Actor {
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly lossRatio: number;
  declare private readonly latency: Sampler;
  declare private readonly there: Draws;
  declare private readonly back: Draws;
  declare private readonly losses: Draws;
  declare private readonly actor: number;
  /** Slot on the other side, or -1. */
  declare private readonly twin: Column<Int32Array>;
  /** Ticket of the message under way to the gateway or of the answer, or -1. */
  declare private readonly ticket: Column<Float64Array>;
  declare private readonly firstTicket: Column<Float64Array>;
  declare private readonly how: Column<Int32Array>;
  declare private readonly draw: Column<Int32Array>;
  declare private listener: GatewayListener;

  constructor(spec: NetworkSpec, simulation: typeof Simulation.Service, next: Door) {
    this.simulation = simulation;
    this.next = next;
    this.lossRatio = spec.lossRatio;
    this.latency = samplerOf(spec.latency);
    const { streams, kernel, attempts } = simulation;
    this.there = streams.open("network", "there");
    this.back = streams.open("network", "back");
    this.losses = streams.open("network", "loss");
    this.actor = kernel.join(this);
    this.twin = attempts.int32();
    this.ticket = attempts.float64();
    this.firstTicket = attempts.float64();
    this.how = attempts.int32();
    this.draw = attempts.int32();
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const { kernel } = this.simulation;
    const draw = this.drawOf(attempt);
    this.draw.at[attempt] = draw;
    this.twin.at[attempt] = NONE;
    this.firstTicket.at[attempt] = NONE;
    this.ticket.at[attempt] = NONE;
    if (this.lost(draw, 0)) return;
    const delayMs = Math.max(0, this.latency.sample(this.there.at(draw)));
    this.ticket.at[attempt] = kernel.post(kernel.now + delayMs, this.actor, OP_ARRIVE, attempt, Phase.Arrival);
  }

  hangUp(attempt: number): void {
    const { kernel, attempts } = this.simulation;
    if (this.ticket.at[attempt]! !== NONE) kernel.revoke(this.ticket.at[attempt]!);
    if (this.firstTicket.at[attempt]! !== NONE) kernel.revoke(this.firstTicket.at[attempt]!);
    const twin = this.twin.at[attempt]!;
    attempts.give(attempt);
    if (twin === NONE) return;
    this.twin.at[twin] = NONE;
    this.next.hangUp(twin);
  }

  wake(op: number, attempt: number): void {
    if (op === OP_ARRIVE) this.arrive(attempt);
    else if (op === OP_FIRST) {
      this.firstTicket.at[attempt] = NONE;
      this.simulation.attempts.firstTokenMs.at[attempt] = this.simulation.kernel.now;
      this.listener.firstToken(attempt);
    } else {
      this.listener.ended(attempt, this.how.at[attempt]!);
      this.simulation.attempts.give(attempt);
    }
  }

  firstToken(twin: number): void {
    const attempt = this.twin.at[twin]!;
    const { kernel } = this.simulation;
    if (attempt === NONE || this.lost(this.draw.at[attempt]!, 1)) return;
    this.firstTicket.at[attempt] = kernel.post(kernel.now + this.backMs(attempt), this.actor, OP_FIRST, attempt, Phase.Arrival);
  }

  ended(twin: number, how: number): void {
    const attempt = this.twin.at[twin]!;
    if (attempt === NONE) return;
    const { kernel, attempts } = this.simulation;
    this.twin.at[attempt] = NONE;
    if (this.lost(this.draw.at[attempt]!, 1)) return;
    const delayMs = this.backMs(attempt);
    const firstMs = attempts.firstTokenMs.at[twin]! + delayMs;
    copyResult(attempts, twin, attempt);
    attempts.firstTokenMs.at[attempt] = firstMs <= kernel.now + delayMs ? kernel.grid.round(firstMs) : NaN;
    this.how.at[attempt] = how;
    this.ticket.at[attempt] = kernel.post(kernel.now + delayMs, this.actor, OP_REPLY, attempt, Phase.Arrival);
  }

  wasted(twin: number, tokens: number): void {
    this.listener.wasted(twin, tokens);
  }

  private arrive(attempt: number): void {
    const { attempts } = this.simulation;
    this.ticket.at[attempt] = NONE;
    const twin = twinOf(attempts, attempt);
    this.twin.at[attempt] = twin;
    this.twin.at[twin] = attempt;
    this.next.submit(twin);
  }

  private drawOf(attempt: number): number {
    const { requests, attempts } = this.simulation;
    const request = attempts.request.at[attempt]!;
    const turn = (requests.number.at[request]! + Math.imul(requests.turn.at[request]!, 0x9e3779b1)) | 0;
    const copy = Math.imul(attempts.copy.at[attempt]!, 0xc2b2ae35);
    return (Math.imul(turn, TRIES_SPAN) + requests.tries.at[request]! + copy + Math.imul(attempts.classIndex.at[attempt]!, 0x85ebca6b)) | 0;
  }

  private backMs(attempt: number): number {
    return Math.max(0, this.latency.sample(this.back.at(this.draw.at[attempt]!)));
  }

  private lost(draw: number, way: number): boolean {
    return this.lossRatio > 0 && this.losses.unit(draw, way) < this.lossRatio;
  }
}
