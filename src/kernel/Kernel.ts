import type { Actor } from "./Actor.ts";
import { DelayRing } from "./DelayRing.ts";
import { EventQueue } from "./EventQueue.ts";
import { InvariantBroken } from "./Invariants.ts";
import { Targets } from "./Targets.ts";
import type { TimeGrid } from "./TimeGrid.ts";
import { Timer } from "./Timer.ts";
import { WinnerTree } from "./WinnerTree.ts";

export type { Actor } from "./Actor.ts";
export { DelayRing } from "./DelayRing.ts";
export { Phase } from "./Phase.ts";
export { Timer } from "./Timer.ts";

/** Why runFor returned: events left, nothing pending, next event after the limit, or a source without its next time. */
export type RunState = "more" | "idle" | "until" | "starved";

/** Events of one phase: sequences stay below 2^48, so phase * PHASE_SPAN + sequence is exact for phases below 32. */
const PHASE_SPAN = 2 ** 48;

const COUNT_SPAN = 2 ** 30;
const EVENTS_AT_ONCE = 4096;

/** Places in the order of one instant: phase * PLACE_SPAN, plus 0 for sources and rings, 1 + leaf for timers, the last for posted events. */
const PLACE_SPAN = 2 ** 24;
/** Everything of the instant is over. */
const LAST_PLACE = 2 ** 30 - 1;

/**
 * The event loop: simulated time, pending events, dispatch to actors. Synchronous; no object is made per event.
 *
 * Order: time, then phase, then kind (sources and rings, timers, posted events), then the order of registration, or of
 * posting for posted events. An actor's exception leaves runFor; `now` and `events` then tell where it happened.
 */
export class Kernel {
  declare readonly grid: TimeGrid;
  /** Time of the present event, in ms on the grid. */
  now = -0; // V8 keeps a field that starts as -0 as a double; as a small integer it would be converted at run time.
  private readonly actors: Array<Actor> = [];
  /** Events handled so far: whole multiples of COUNT_SPAN, and the rest as a small integer. */
  private eventsBefore = 0;
  private eventsSince = 0;
  /** The furthest place in the order of the present instant that an event was handled for. */
  private reached = -1;

  private readonly queue = new EventQueue();
  /** Counts by 1 from 0.5: V8 adds fractions faster than whole numbers above 2^31. */
  private nextSequence = 0.5;

  private readonly timers = new WinnerTree();
  private readonly timerTargets = new Targets();

  /** Sources and rings; a leaf has either. */
  private readonly heads = new WinnerTree();
  private readonly headTargets = new Targets();
  private readonly rings: Array<DelayRing | undefined> = [];
  private readonly sources: Array<() => number> = [];
  /** Leaves of the sources whose next time is not known yet, and how many. */
  private readonly starved: Array<number> = [];
  private starving = 0;

  constructor(options: { readonly grid: TimeGrid }) {
    this.grid = options.grid;
    this.now = 0;
  }

  /** Events handled so far. */
  get events(): number {
    return this.eventsBefore + this.eventsSince;
  }

  /** Registers the actor and returns its id. */
  join(actor: Actor): number {
    return this.actors.push(actor) - 1;
  }

  /**
   * Schedules an event and returns its ticket. The time is rounded to the grid; a time in the past (or NaN) throws
   * InvariantBroken(2). O(log n). `phase` is one of Phase.
   */
  post(atMs: number, actor: number, op: number, ref: number, phase: number): number {
    const roundedMs = this.grid.round(atMs);
    if (!(roundedMs >= this.now)) this.refuse(atMs, "event");
    this.queue.stage(roundedMs, phase * PHASE_SPAN + this.nextSequence++);
    return this.queue.ticket(this.queue.commit(actor, op, ref));
  }

  /** Revokes a posted event; false when it was handled or revoked before. Any number that is no ticket gives false. */
  revoke(ticket: number): boolean {
    return this.queue.revoke(ticket);
  }

  /** A timer of the actor: one pending time that can be set and cleared at will. */
  timer(actor: number, op: number, ref: number, phase: number): Timer {
    const leaf = this.timers.add(phase);
    this.timerTargets.add(actor, op, ref);
    return new Timer(this.timers, leaf, this);
  }

  /** Whether an event of the timer at the present instant, had it been set for it in time, would have been handled before the present event, or is it. */
  hasPassed(timerLeaf: number): boolean {
    return this.reached > this.timers.phases[timerLeaf]! * PLACE_SPAN + timerLeaf;
  }

  /**
   * A ring of time-outs of one constant delay (rounded to the grid); wakes the actor with the ref that fell due. Refs are multiples of
   * 2^refBits.
   */
  ring(delayMs: number, actor: number, op: number, phase: number, refBits = 0): DelayRing {
    const leaf = this.heads.add(phase);
    this.headTargets.add(actor, op, 0);
    const ring = new DelayRing(this.heads, leaf, this, this.grid.round(delayMs), refBits);
    this.rings[leaf] = ring;
    this.sources[leaf] = ended;
    return ring;
  }

  /**
   * A stream of non-decreasing times outside the queue. next() is called once now and again after each event, once the
   * actor has been woken for it: Infinity ends the source, NaN says that the next time is not known yet ("starved").
   */
  source(next: () => number, actor: number, op: number, ref: number, phase: number): void {
    const leaf = this.heads.add(phase);
    this.headTargets.add(actor, op, ref);
    this.rings[leaf] = undefined;
    this.sources[leaf] = next;
    this.advance(leaf);
  }

  /**
   * Handles events of time <= untilMs, at most `maxEvents` of them. "until": none is left up to untilMs, and now =
   * untilMs (rounded). "idle": none is left at all. "starved": a source must be refilled before the next call.
   */
  runFor(maxEvents: number, untilMs: number): RunState {
    const limitMs = this.grid.round(untilMs);
    for (let left = maxEvents; left > 0; left -= EVENTS_AT_ONCE) {
      const state = this.runSome(left < EVENTS_AT_ONCE ? left : EVENTS_AT_ONCE, limitMs);
      if (state !== "more") return state;
    }
    return "more";
  }

  /** A function of its own, called again and again: V8 compiles such a one better than a loop that never ends. */
  private runSome(maxEvents: number, limitMs: number): RunState {
    const { heads, timers, queue } = this;
    for (let left = maxEvents; left > 0; left--) {
      if (this.starving !== 0 && !this.refill()) return "starved";
      const headMs = heads.nodeMs[1]!;
      const timerMs = timers.nodeMs[1]!;
      const queueMs = queue.firstMs;
      const firstMs = headMs < timerMs ? headMs : timerMs;
      const nextMs = firstMs < queueMs ? firstMs : queueMs;
      if (nextMs > limitMs || nextMs === Infinity) return this.rest(nextMs, limitMs);
      if (nextMs !== this.now) {
        this.now = nextMs;
        this.reached = -1;
      }
      if (++this.eventsSince === COUNT_SPAN) this.carry();
      if (nextMs === headMs && this.headFirst(nextMs)) this.fireHead();
      else if (nextMs === timerMs && this.timerFirst(nextMs)) this.fireTimer();
      else this.fireHeap();
    }
    return "more";
  }

  /** The heads are due at nowMs: do they go before a timer and a posted event of the same time? */
  private headFirst(nowMs: number): boolean {
    const { heads, timers, queue } = this;
    const phase = heads.phases[heads.nodeLeaf[1]!]!;
    if (timers.nodeMs[1] === nowMs && timers.phases[timers.nodeLeaf[1]!]! < phase) return false;
    return queue.firstMs !== nowMs || phase * PHASE_SPAN <= queue.topKey();
  }

  /** A timer is due at nowMs and the heads do not go first: does it go before a posted event of the same time? */
  private timerFirst(nowMs: number): boolean {
    const { timers, queue } = this;
    return queue.firstMs !== nowMs || timers.phases[timers.nodeLeaf[1]!]! * PHASE_SPAN <= queue.topKey();
  }

  private fireHead(): void {
    const leaf = this.heads.nodeLeaf[1]!;
    this.reach(this.heads.phases[leaf]! * PLACE_SPAN);
    const ring = this.rings[leaf];
    const targets = this.headTargets;
    const actor = this.actors[targets.actors[leaf]!]!;
    if (ring !== undefined) {
      const due = ring.shift();
      actor.wake(targets.ops[leaf]!, due);
    } else {
      actor.wake(targets.ops[leaf]!, targets.refs[leaf]!);
      this.advance(leaf);
    }
  }

  private fireTimer(): void {
    const { timers, timerTargets } = this;
    const leaf = timers.nodeLeaf[1]!;
    timers.nodeMs[timers.first + leaf] = Infinity;
    this.reach(timers.phases[leaf]! * PLACE_SPAN + leaf + 1);
    // Mostly the actor sets its timer again, which settles the tree. Until then the root may show the old time.
    this.actors[timerTargets.actors[leaf]!]!.wake(timerTargets.ops[leaf]!, timerTargets.refs[leaf]!);
    if (timers.nodeMs[timers.first + leaf] === Infinity) timers.settle(leaf);
  }

  private fireHeap(): void {
    const queue = this.queue;
    this.reach((Math.floor(queue.topKey() / PHASE_SPAN) + 1) * PLACE_SPAN - 1);
    const slot = queue.pop();
    this.actors[queue.actorOf(slot)]!.wake(queue.opOf(slot), queue.refOf(slot));
  }

  private reach(place: number): void {
    if (place > this.reached) this.reached = place;
  }

  /** Asks the source for its next time. */
  private advance(leaf: number): void {
    const { heads } = this;
    const nextMs = this.grid.round(this.sources[leaf]!());
    if (nextMs >= this.now) {
      heads.nodeMs[heads.first + leaf] = nextMs;
    } else if (nextMs !== nextMs) {
      heads.nodeMs[heads.first + leaf] = Infinity;
      this.starved.push(leaf);
      this.starving++;
    } else this.refuse(nextMs, "source");
    heads.settle(leaf);
  }

  /** Asks the starved sources again; false when one of them still starves. */
  private refill(): boolean {
    const leaves = this.starved.splice(0);
    this.starving = 0;
    for (const leaf of leaves) this.advance(leaf);
    return this.starving === 0;
  }

  private rest(nextMs: number, limitMs: number): RunState {
    this.reached = LAST_PLACE;
    if (nextMs === Infinity) return "idle";
    if (limitMs > this.now) this.now = limitMs;
    return "until";
  }

  private carry(): void {
    this.eventsBefore += this.eventsSince;
    this.eventsSince = 0;
  }

  private refuse(atMs: number, what: string): never {
    throw new InvariantBroken(2, this.now, `${what} at ${atMs} ms`);
  }
}

const ended = (): number => Infinity;
