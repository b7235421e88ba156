import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { Answer, Loaded, ResultCache, Settled } from "../../policy/caching/ResultCache.ts";
import { Left } from "../../policy/caching/Flights.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { CacheSpec } from "./CacheSpec.ts";
import type { Door } from "./Door.ts";
import { copyResult, twinOf } from "./Twins.ts";
import { WarmUpLoads } from "./WarmUpLoads.ts";

const NONE = -1;
const OP_LOOKUP = 0;
const OP_LEASE = 1;
/** Size of an answer: four bytes of text per token. Assumed. */
const BYTES_PER_TOKEN = 4;

/** Where an attempt is in this stage. */
const Place = { Passed: 0, LookingUp: 1, Waiting: 2 } as const;

/**
 * Answers identical requests from a cache, and lets those that ask for what is being loaded wait for that one load. What is loaded goes to the gateway
 * as an attempt of its own, so that it can go on when the client that asked first gives up. Answers from the cache come whole.
 */
export class CacheStage implements Door, GatewayListener, Actor {
  readonly cache: ResultCache<number>;
  private readonly spec: CacheSpec;
  private readonly simulation: typeof Simulation.Service;
  private readonly next: Door;
  private readonly actor: number;
  private readonly draw: () => number;
  private readonly place: Column<Int32Array>;
  private readonly ticket: Column<Float64Array>;
  private readonly waiter: Column<Float64Array>;
  /** Of a load: its flight, and the attempt that leads it. */
  private readonly flight: Column<Float64Array>;
  private readonly leader: Column<Int32Array>;
  /** The load of each flight. */
  private readonly loads = new Map<number, number>();
  private listener!: GatewayListener;

  constructor(spec: CacheSpec, classes: ReadonlyArray<TrafficClassSpec>, simulation: typeof Simulation.Service, next: Door) {
    this.spec = spec;
    this.simulation = simulation;
    this.next = next;
    this.cache = new ResultCache(spec);
    this.actor = simulation.kernel.join(this);
    const sequence = simulation.streams.open("gateway/cache", "draw").sequence();
    this.draw = () => sequence.unit();
    const { pool } = simulation.attempts;
    this.place = pool.int32();
    this.ticket = pool.float64();
    this.waiter = pool.float64();
    this.flight = pool.float64();
    this.leader = pool.int32();
    next.connect(this);
    if (spec.warmUp !== undefined) {
      new WarmUpLoads({ spec, warmUp: spec.warmUp, classes, simulation, load: (attempt, key) => this.warm(attempt, key) });
    }
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  startMeasuring(): void {
    for (const count of Object.keys(this.cache.counts) as Array<keyof typeof this.cache.counts>) this.cache.counts[count] = 0;
  }

  submit(attempt: number): void {
    const { kernel } = this.simulation;
    if (this.keyOf(attempt) === 0) {
      this.place.at[attempt] = Place.Passed;
      return this.next.submit(attempt);
    }
    this.place.at[attempt] = Place.LookingUp;
    this.simulation.attempts.arrivalMs.at[attempt] = kernel.now;
    if (this.spec.latencyMs === 0) return this.lookUp(attempt);
    this.ticket.at[attempt] = kernel.post(kernel.now + this.spec.latencyMs, this.actor, OP_LOOKUP, attempt, Phase.Arrival);
  }

  hangUp(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    const place = this.place.at[attempt]!;
    if (place === Place.Passed) return this.next.hangUp(attempt);
    if (place === Place.LookingUp) kernel.revoke(this.ticket.at[attempt]!);
    else this.stopWaiting(attempt);
    attempts.pool.give(attempt);
  }

  wake(op: number, ref: number): void {
    if (op === OP_LOOKUP) return this.lookUp(ref);
    // The owner of a load has not ended it in time.
    const leader = this.cache.leaseEnded(ref, this.simulation.kernel.now);
    if (leader >= 0) this.load(leader, this.cache.flight);
  }

  firstToken(attempt: number): void {
    if (this.place.at[attempt] === Place.Passed) return this.listener.firstToken(attempt);
    const leader = this.leader.at[attempt]!;
    if (leader !== NONE) this.listener.firstToken(leader);
  }

  ended(load: number, how: number): void {
    if (this.place.at[load] === Place.Passed) return this.listener.ended(load, how);
    const flight = this.flight.at[load]!;
    const { attempts, kernel } = this.simulation;
    if (this.loads.get(flight) === load) this.loads.delete(flight);
    const answered = how === AttemptEnd.Completed || how === AttemptEnd.Degraded;
    const outputTokens = answered ? attempts.total.at[load]! - attempts.promptTokens.at[load]! : 0;
    // A shorter answer than asked for is good for who waited, and not kept: it counts as failed.
    const loaded = how === AttemptEnd.Completed ? Loaded.Value : Loaded.Failed;
    const settled = this.cache.settle(flight, loaded, outputTokens * BYTES_PER_TOKEN, this.draw(), kernel.now);
    if (settled === Settled.Late) return;
    const stale = settled === Settled.StaleOnError;
    for (let caller = this.cache.nextCaller(flight); caller !== NONE; caller = this.cache.nextCaller(flight)) {
      if (caller === load) continue;
      if (!answered && !stale) this.report(caller, how);
      else if (caller === this.leader.at[load] && answered) {
        copyResult(attempts, load, caller);
        this.report(caller, how);
      } else this.answer(caller, answered ? outputTokens : attempts.outputTokens.at[caller]!);
    }
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private lookUp(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    const answer = this.cache.request(this.keyOf(attempt), attempt, this.draw(), kernel.now);
    if (answer === Answer.Lead || answer === Answer.Follow) {
      this.place.at[attempt] = Place.Waiting;
      this.waiter.at[attempt] = this.cache.waiter;
      if (answer === Answer.Lead) this.load(attempt, this.cache.flight);
      return;
    }
    if (answer === Answer.Negative) return this.report(attempt, AttemptEnd.Failed);
    if (answer === Answer.Refused) return this.report(attempt, AttemptEnd.Shed);
    if (answer === Answer.HitAndLoad || answer === Answer.StaleAndLoad) {
      const load = this.loadOf(attempt, this.cache.flight, NONE);
      this.answer(attempt, attempts.outputTokens.at[attempt]!);
      return this.next.submit(load);
    }
    this.answer(attempt, attempts.outputTokens.at[attempt]!);
  }

  private load(leader: number, flight: number): void {
    this.next.submit(this.loadOf(leader, flight, leader));
  }

  private loadOf(original: number, flight: number, leader: number): number {
    const load = twinOf(this.simulation.attempts, original);
    this.track(load, flight, leader);
    return load;
  }

  private track(load: number, flight: number, leader: number): void {
    const { kernel, attempts } = this.simulation;
    this.place.at[load] = Place.LookingUp;
    this.flight.at[load] = flight;
    this.leader.at[load] = leader;
    attempts.deadlineMs.at[load] = Infinity;
    this.loads.set(flight, load);
    if (this.spec.leaseMs < Infinity) kernel.post(kernel.now + this.spec.leaseMs, this.actor, OP_LEASE, flight, Phase.Control);
  }

  /** Loads a content ahead of its demand; a fresh attempt comes with it. */
  private warm(attempt: number, key: number): void {
    const answer = this.cache.request(key, attempt, this.draw(), this.simulation.kernel.now);
    if (answer === Answer.Follow) this.cache.cancel(this.cache.waiter, this.simulation.kernel.now);
    if (answer !== Answer.Lead) return this.simulation.attempts.pool.give(attempt);
    this.track(attempt, this.cache.flight, NONE);
    this.next.submit(attempt);
  }

  private stopWaiting(attempt: number): void {
    const { kernel } = this.simulation;
    const flight = this.flightOf(attempt);
    const left = this.cache.cancel(this.waiter.at[attempt]!, kernel.now);
    const load = flight === undefined ? undefined : this.loads.get(flight);
    if (left === Left.HandedOver) {
      if (load !== undefined) this.drop(flight!, load);
      this.load(this.cache.newLeader, this.cache.flight);
    } else if (left === Left.Cancelled && load !== undefined) this.drop(flight!, load);
    else if (load !== undefined && this.leader.at[load] === attempt) this.leader.at[load] = NONE;
  }

  /** The flight that an attempt leads. */
  private flightOf(attempt: number): number | undefined {
    for (const [flight, load] of this.loads) if (this.leader.at[load] === attempt || this.waitsFor(attempt, load)) return flight;
    return undefined;
  }

  private waitsFor(attempt: number, load: number): boolean {
    return this.keyOf(attempt) === this.keyOf(load);
  }

  private drop(flight: number, load: number): void {
    this.loads.delete(flight);
    this.next.hangUp(load);
  }

  private answer(attempt: number, outputTokens: number): void {
    const { attempts, kernel } = this.simulation;
    attempts.admittedMs.at[attempt] = kernel.now;
    attempts.firstTokenMs.at[attempt] = kernel.now;
    attempts.total.at[attempt] = attempts.promptTokens.at[attempt]! + outputTokens;
    attempts.cachedTokens.at[attempt] = attempts.promptTokens.at[attempt]!;
    this.report(attempt, AttemptEnd.Cached);
  }

  private report(attempt: number, how: number): void {
    this.listener.ended(attempt, how);
    this.simulation.attempts.pool.give(attempt);
  }

  private keyOf(attempt: number): number {
    return this.simulation.attempts.contentKey.at[attempt]!;
  }
}
