import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { LeakyQueue } from "../../policy/limiter/LeakyQueue.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import type { ShapeSpec } from "./ShapeSpec.ts";
import { sharedByKey } from "./sharedByKey.ts";

interface Shape {
  readonly place: number;
  readonly queue: LeakyQueue;
  readonly attemptOf: Map<number, number>;
  /** Whether the next release is awaited. */
  awaited: boolean;
}

const NONE = -1;

/** Holds attempts back to an even rate; who finds the queue full is rejected, and told when there is room at the earliest. */
export class ShapeStage implements Door, GatewayListener, Actor {
  /** Attempts rejected since the start of the measurement. */
  rejected = 0;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly actor: number;
  private readonly shapes: Array<Shape> = [];
  /** By class. */
  declare private readonly shapeOf: ReadonlyArray<Shape>;
  declare private readonly ticket: Column<Float64Array>;
  declare private listener: GatewayListener;

  constructor(
    { per, ...settings }: ShapeSpec,
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    next: Door,
  ) {
    this.simulation = simulation;
    this.next = next;
    this.actor = simulation.kernel.join(this);
    this.ticket = simulation.attempts.float64();
    this.shapeOf = sharedByKey(per, classes, () => {
      const shape: Shape = { place: this.shapes.length, queue: new LeakyQueue(settings), attemptOf: new Map(), awaited: false };
      this.shapes.push(shape);
      return shape;
    });
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const shape = this.shapeOf[this.simulation.attempts.classIndex.at[attempt]!]!;
    const ticket = shape.queue.join();
    this.ticket.at[attempt] = ticket;
    if (ticket === NONE) return this.reject(attempt, shape);
    shape.attemptOf.set(ticket, attempt);
    this.release(shape);
  }

  hangUp(attempt: number): void {
    const ticket = this.ticket.at[attempt]!;
    if (ticket === NONE) return this.next.hangUp(attempt);
    const shape = this.shapeOf[this.simulation.attempts.classIndex.at[attempt]!]!;
    shape.queue.leave(ticket);
    shape.attemptOf.delete(ticket);
    this.simulation.attempts.give(attempt);
  }

  wake(_op: number, place: number): void {
    const shape = this.shapes[place]!;
    shape.awaited = false;
    this.release(shape);
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    this.listener.ended(attempt, how);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  /** Whose turn it is now goes on; for the next one it is looked again in time. */
  private release(shape: Shape): void {
    const { kernel } = this.simulation;
    const ticket = shape.queue.release(kernel.now);
    if (shape.queue.waiting > 0 && !shape.awaited) {
      shape.awaited = true;
      kernel.post(kernel.now + shape.queue.releaseInMs(kernel.now), this.actor, 0, shape.place, Phase.Arrival);
    }
    if (ticket === NONE) return;
    const attempt = shape.attemptOf.get(ticket)!;
    shape.attemptOf.delete(ticket);
    this.ticket.at[attempt] = NONE;
    this.next.submit(attempt);
  }

  private reject(attempt: number, shape: Shape): void {
    const { attempts, kernel } = this.simulation;
    this.rejected++;
    attempts.retryAfterMs.at[attempt] = shape.queue.releaseInMs(kernel.now);
    this.listener.ended(attempt, AttemptEnd.Rejected);
    attempts.give(attempt);
  }
}
