import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { Left } from "../../policy/caching/Flights.ts";
import { Answer, Loaded, ResultCache, Settled } from "../../policy/caching/ResultCache.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd, isAnswer } from "../Gateway.ts";
import type { PolicyFactories } from "../Policies.ts";
import type { Simulation } from "../Simulation.ts";
import { CacheLoads } from "./CacheLoads.ts";
import type { CacheSpec } from "./CacheSpec.ts";
import type { Door } from "./Door.ts";
import { copyResult } from "./Twins.ts";
import { WarmUpLoads } from "./WarmUpLoads.ts";

const NONE = -1;
/** Size of an answer: four bytes of text per token. Assumed. */
const BYTES_PER_TOKEN = 4;

/** Where an attempt is in this stage. */
const Place = { Passed: 0, LookingUp: 1, Waiting: 2, Load: 3 } as const;

/**
 * Answers identical requests from a cache, and lets those that ask for what is being loaded wait for that one load. Answers from the cache come whole,
 * with the last token of the load for those who waited; who asked first gets the load's own tokens as they come.
 */
export class CacheStage implements Door, GatewayListener, Actor {
  declare readonly cache: ResultCache<number>;
  declare private readonly spec: CacheSpec;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly next: Door;
  declare private readonly loads: CacheLoads;
  declare private readonly actor: number;
  declare private readonly draw: () => number;
  declare private readonly place: Column<Int32Array>;
  declare private readonly ticket: Column<Float64Array>;
  declare private readonly waiter: Column<Float64Array>;
  /** Of who asked first: its load; -1 for the others. */
  declare private readonly load: Column<Int32Array>;
  declare private listener: GatewayListener;
  readonly warmUp: WarmUpLoads | undefined;

  constructor(
    spec: CacheSpec,
    evictionOf: PolicyFactories["eviction"],
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    next: Door,
  ) {
    this.spec = spec;
    this.simulation = simulation;
    this.next = next;
    this.cache = new ResultCache(spec, evictionOf);
    this.loads = new CacheLoads({ simulation, next, leaseMs: spec.leaseMs, leaseEnded: (flight) => this.leaseEnded(flight) });
    this.actor = simulation.kernel.join(this);
    const sequence = simulation.streams.open("gateway/cache", "draw").sequence();
    this.draw = () => sequence.unit();
    const { attempts } = simulation;
    this.place = attempts.int32();
    this.ticket = attempts.float64();
    this.waiter = attempts.float64();
    this.load = attempts.int32();
    next.connect(this);
    if (spec.warmUp !== undefined) {
      this.warmUp = new WarmUpLoads({
        spec,
        warmUp: spec.warmUp,
        classes,
        simulation,
        wanted: (key) => this.wanted(key),
        send: (load) => this.warm(load),
      });
    }
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  startMeasuring(): void {
    for (const count of Object.keys(this.cache.counts) as Array<keyof typeof this.cache.counts>) this.cache.counts[count] = 0;
    this.cache.entries.evictions = 0;
  }

  /** Empties the cache; loads under way serve those who wait for them and are not kept. */
  flush(): void {
    this.cache.flush(this.simulation.kernel.now);
  }

  submit(attempt: number): void {
    const { kernel, attempts } = this.simulation;
    if (attempts.contentKey.at[attempt] === 0) {
      this.place.at[attempt] = Place.Passed;
      return this.next.submit(attempt);
    }
    this.place.at[attempt] = Place.LookingUp;
    attempts.arrivalMs.at[attempt] = kernel.now;
    if (this.spec.latencyMs === 0) return this.lookUp(attempt);
    this.ticket.at[attempt] = kernel.post(kernel.now + this.spec.latencyMs, this.actor, 0, attempt, Phase.Arrival);
  }

  hangUp(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    const place = this.place.at[attempt]!;
    if (place === Place.Passed) return this.next.hangUp(attempt);
    if (place === Place.LookingUp) kernel.revoke(this.ticket.at[attempt]!);
    else this.stopWaiting(attempt);
    attempts.give(attempt);
  }

  wake(_op: number, attempt: number): void {
    this.lookUp(attempt);
  }

  firstToken(attempt: number): void {
    if (this.place.at[attempt] === Place.Passed) return this.listener.firstToken(attempt);
    const leader = this.loads.leaderOf(attempt);
    if (leader !== NONE) this.listener.firstToken(leader);
  }

  ended(attempt: number, how: number): void {
    if (this.place.at[attempt] === Place.Passed) return this.listener.ended(attempt, how);
    const flight = this.loads.flightOf(attempt);
    const leader = this.loads.leaderOf(attempt);
    this.loads.close(attempt);
    const settled = this.cache.settle(
      flight,
      LOADED_OF[how] ?? Loaded.Failed,
      this.bytesOf(attempt),
      this.draw(),
      this.simulation.kernel.now,
    );
    // Who asked first still waits for its own load when another one has taken its place.
    if (settled === Settled.Late) return leader === NONE ? undefined : this.handOn(attempt, leader, how);
    for (let caller = this.cache.nextCaller(flight); caller !== NONE; caller = this.cache.nextCaller(flight)) {
      if (settled === Settled.StaleOnError) this.answer(caller, AttemptEnd.Cached);
      else if (caller !== leader && isAnswer(how)) this.answer(caller, how === AttemptEnd.Completed ? AttemptEnd.Cached : how, attempt);
      else this.handOn(attempt, caller, how);
    }
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private lookUp(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    const answer = this.cache.request(attempts.contentKey.at[attempt]!, attempt, this.draw(), kernel.now);
    if (answer === Answer.Lead || answer === Answer.Follow) {
      this.place.at[attempt] = Place.Waiting;
      this.waiter.at[attempt] = this.cache.waiter;
      this.load.at[attempt] = NONE;
      return answer === Answer.Lead ? this.lead(attempt, this.cache.flight) : undefined;
    }
    if (answer === Answer.Negative) return this.report(attempt, AttemptEnd.Failed);
    if (answer === Answer.Refused) return this.report(attempt, AttemptEnd.Shed);
    if (answer === Answer.HitAndLoad || answer === Answer.StaleAndLoad) this.send(this.loads.open(attempt, this.cache.flight, NONE));
    this.answer(attempt, AttemptEnd.Cached);
  }

  private lead(attempt: number, flight: number): void {
    const load = this.loads.open(attempt, flight, attempt);
    this.load.at[attempt] = load;
    this.send(load);
  }

  private send(load: number): void {
    this.place.at[load] = Place.Load;
    this.next.submit(load);
  }

  /** Whether a content should be loaded ahead of its demand. */
  private wanted(key: number): boolean {
    return this.cache.prefetch(key, this.simulation.kernel.now);
  }

  private warm(load: number): void {
    this.loads.track(load, this.cache.flight, NONE);
    this.send(load);
  }

  private leaseEnded(flight: number): void {
    const leader = this.cache.leaseEnded(flight, this.simulation.kernel.now);
    if (leader !== NONE) this.lead(leader, this.cache.flight);
  }

  private stopWaiting(attempt: number): void {
    const { cache, loads } = this;
    const own = this.load.at[attempt]!;
    const waiter = this.waiter.at[attempt]!;
    const flight = cache.flightOf(waiter);
    const left = cache.cancel(waiter, this.simulation.kernel.now);
    if (left === Left.Cancelled) loads.drop(loads.of(flight));
    else if (left === Left.HandedOver) {
      loads.drop(own);
      this.lead(cache.newLeader, cache.flight);
    } else if (own === NONE) return;
    else if (left === Left.Unknown) loads.drop(own);
    else loads.orphan(own);
  }

  /** The load's end is the caller's, with all its times. */
  private handOn(load: number, caller: number, how: number): void {
    copyResult(this.simulation.attempts, load, caller);
    this.report(caller, how);
  }

  /** The answer is there, whole: as long as that of the load, or as was asked for. */
  private answer(attempt: number, how: number, load = NONE): void {
    const { attempts, kernel } = this.simulation;
    const promptTokens = attempts.promptTokens.at[attempt]!;
    attempts.admittedMs.at[attempt] = kernel.now;
    attempts.firstTokenMs.at[attempt] = kernel.now;
    attempts.total.at[attempt] = load === NONE ? promptTokens + attempts.outputTokens.at[attempt]! : attempts.total.at[load]!;
    attempts.cachedTokens.at[attempt] = promptTokens;
    this.report(attempt, how);
  }

  private report(attempt: number, how: number): void {
    this.listener.ended(attempt, how);
    this.simulation.attempts.give(attempt);
  }

  private bytesOf(load: number): number {
    const { attempts } = this.simulation;
    return Math.max(0, attempts.total.at[load]! - attempts.promptTokens.at[load]!) * BYTES_PER_TOKEN;
  }
}

/** A shorter answer than asked for is good for who waited, and not kept. */
const LOADED_OF: { readonly [how: number]: number } = {
  [AttemptEnd.Completed]: Loaded.Value,
  [AttemptEnd.Degraded]: Loaded.Unkept,
};
