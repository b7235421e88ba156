import { requireSetting } from "../SettingFault.ts";
import { Chains } from "./Chains.ts";

export interface FlightSettings {
  /** Loads that may be in flight. */
  readonly maxLoads: number;
  /** Callers that may wait, leaders included. */
  readonly maxWaiters: number;
  /** After this time another caller may load instead of the owner. Infinity: never. */
  readonly leaseMs: number;
  /** What becomes of a load whose leader cancels while others wait: it goes on for them, or the oldest of them starts its own. */
  readonly onLeaderCancel: "keep" | "handOver";
}

/** What cancelling a caller led to. */
export const Left = {
  /** It was no longer waiting. */
  Unknown: 0,
  /** Others wait, or the load needs nobody: it goes on. */
  Gone: 1,
  /** Nobody waits: the load should be cancelled; its end will be ignored. */
  Cancelled: 2,
  /** It led, and another caller (`newLeader`) must load now, as flight `newFlight`; the old load's end will be ignored. */
  HandedOver: 3,
} as const;

const NOBODY = -1;
/** Ids are slot + generation * 2^20, so an id of the past is never mistaken for a present one. */
const SLOTS = 2 ** 20;

/** Loads in flight and who waits for them. Callers are the user's integers; flights and waiters are named by ids. All O(1), but `detach`. */
export class Flights<K> {
  active = 0;
  newLeader = NOBODY;
  newFlight = NOBODY;
  readonly #settings: FlightSettings;
  readonly #joinable: Map<K, number> = new Map();
  readonly #keyOf: Array<K | undefined>;
  readonly #flightTurn: Float64Array;
  readonly #startMs: Float64Array;
  readonly #leader: Int32Array;
  readonly #waiting: Int32Array;
  /** 1: it goes on though nobody waits. */
  readonly #background: Uint8Array;
  readonly #state: Uint8Array;
  readonly #freeFlights: Int32Array;
  readonly #waiters: Chains;
  readonly #waiterTurn: Float64Array;
  readonly #flightOf: Int32Array;
  readonly #callerOf: Float64Array;
  readonly #freeWaiters: Int32Array;
  #freeWaiterCount: number;

  /** Throws SettingFault. */
  constructor(settings: FlightSettings) {
    const loads = requireSetting("cache.maxLoads", settings.maxLoads, { least: 1, most: SLOTS, whole: true });
    const waiters = requireSetting("cache.maxWaiters", settings.maxWaiters, { least: 1, most: SLOTS, whole: true });
    requireSetting("cache.leaseMs", settings.leaseMs, { above: 0, unbounded: true });
    this.#settings = settings;
    this.#keyOf = Array.from({ length: loads });
    this.#flightTurn = new Float64Array(loads);
    this.#startMs = new Float64Array(loads);
    this.#leader = new Int32Array(loads);
    this.#waiting = new Int32Array(loads);
    this.#background = new Uint8Array(loads);
    this.#state = new Uint8Array(loads);
    this.#freeFlights = Int32Array.from({ length: loads }, (_, slot) => loads - 1 - slot);
    this.#waiters = new Chains(waiters, loads);
    this.#waiterTurn = new Float64Array(waiters);
    this.#flightOf = new Int32Array(waiters).fill(NOBODY);
    this.#callerOf = new Float64Array(waiters);
    this.#freeWaiters = Int32Array.from({ length: waiters }, (_, slot) => waiters - 1 - slot);
    this.#freeWaiterCount = waiters;
  }

  get roomForLoad(): boolean {
    return this.active < this.#keyOf.length;
  }

  get roomForWaiter(): boolean {
    return this.#freeWaiterCount > 0;
  }

  /** The flight that callers of this key join, -1 when there is none. */
  current(key: K): number {
    const slot = this.#joinable.get(key);
    return slot === undefined ? NOBODY : this.#idOf(slot);
  }

  startedMs(flight: number): number {
    return this.#startMs[flight % SLOTS]!;
  }

  keyOf(flight: number): K {
    return this.#keyOf[flight % SLOTS]!;
  }

  /** Whether this is the present owner's id; an id from before a hand-over or an end is not. */
  owns(flight: number): boolean {
    const slot = flight % SLOTS;
    return this.#state[slot] !== FREE && this.#idOf(slot) === flight;
  }

  /** Whether the key was written since the load began. */
  isDoomed(flight: number): boolean {
    return this.#state[flight % SLOTS] === DOOMED;
  }

  /** A new load; needs room. Nobody waits for it until `join`; when `joinable` later callers find it. */
  open(key: K, joinable: boolean, nowMs: number): number {
    const slot = this.#freeFlights[this.#keyOf.length - ++this.active]!;
    this.#keyOf[slot] = key;
    this.#flightTurn[slot]!++;
    this.#startMs[slot] = nowMs;
    this.#leader[slot] = NOBODY;
    this.#waiting[slot] = 0;
    this.#background[slot] = 0;
    this.#state[slot] = OPEN;
    if (joinable) this.#joinable.set(key, slot);
    return this.#idOf(slot);
  }

  /** The flight's load serves whoever comes: it is not cancelled when nobody waits. */
  keep(flight: number): void {
    this.#background[flight % SLOTS] = 1;
  }

  /** The flight that a waiter waits for, under its present id; -1 when it does not wait any more. */
  flightOf(waiterId: number): number {
    const waiter = waiterId % SLOTS;
    const slot = this.#flightOf[waiter]!;
    return slot === NOBODY || waiter + this.#waiterTurn[waiter]! * SLOTS !== waiterId ? NOBODY : this.#idOf(slot);
  }

  /** Waits for a flight, as its leader or not; needs room. Answers the waiter. */
  join(flight: number, caller: number, leads: boolean): number {
    const waiter = this.#freeWaiters[--this.#freeWaiterCount]!;
    const slot = flight % SLOTS;
    this.#waiterTurn[waiter]!++;
    this.#flightOf[waiter] = slot;
    this.#callerOf[waiter] = caller;
    this.#waiters.pushFront(waiter, slot);
    this.#waiting[slot]!++;
    if (leads) this.#leader[slot] = waiter;
    return waiter + this.#waiterTurn[waiter]! * SLOTS;
  }

  leaseEnded(flight: number, nowMs: number): boolean {
    return nowMs - this.startedMs(flight) >= this.#settings.leaseMs;
  }

  /** The owner is taken for dead: its caller no longer waits, and whoever joins next as leader owns the flight under the new id. */
  dethrone(flight: number, nowMs: number): number {
    const slot = flight % SLOTS;
    const leader = this.#leader[slot]!;
    if (leader !== NOBODY) this.#release(leader);
    this.#leader[slot] = NOBODY;
    this.#flightTurn[slot]!++;
    this.#startMs[slot] = nowMs;
    return this.#idOf(slot);
  }

  /** The oldest waiter leads a flight that has lost its owner; answers its caller, -1 when nobody waits (the flight is over then). */
  promote(flight: number): number {
    const slot = flight % SLOTS;
    const oldest = this.#waiters.back(slot);
    if (oldest === NOBODY) {
      this.close(flight);
      return NOBODY;
    }
    this.#leader[slot] = oldest;
    return this.#callerOf[oldest]!;
  }

  /** A caller gives up: cancelled, or its own deadline passed. */
  leave(waiterId: number, nowMs: number): number {
    const waiter = waiterId % SLOTS;
    const slot = this.#flightOf[waiter]!;
    if (slot === NOBODY || waiter + this.#waiterTurn[waiter]! * SLOTS !== waiterId) return Left.Unknown;
    const led = this.#leader[slot] === waiter;
    this.#release(waiter);
    const flight = this.#idOf(slot);
    // Whoever ends the flight closes it.
    if (this.#state[slot] === LANDED) return Left.Gone;
    if (this.#waiting[slot] === 0 && this.#background[slot] === 0) {
      this.close(flight);
      return Left.Cancelled;
    }
    if (!led) return Left.Gone;
    this.#leader[slot] = NOBODY;
    if (this.#waiting[slot] === 0) return Left.Gone;
    if (this.#settings.onLeaderCancel === "keep") return Left.Gone;
    this.newFlight = this.dethrone(flight, nowMs);
    this.newLeader = this.promote(this.newFlight);
    return Left.HandedOver;
  }

  /** The load is over: nobody joins any more. Then `next` gives the callers that wait, oldest first, and at last frees the flight. */
  land(flight: number): void {
    const slot = flight % SLOTS;
    if (this.#joinable.get(this.#keyOf[slot]!) === slot) this.#joinable.delete(this.#keyOf[slot]!);
    this.#state[slot] = LANDED;
  }

  /** The next caller of a flight that landed; -1 when there is none, once. */
  next(flight: number): number {
    const slot = flight % SLOTS;
    const waiter = this.#waiters.back(slot);
    if (waiter === NOBODY) {
      this.close(flight);
      return NOBODY;
    }
    const caller = this.#callerOf[waiter]!;
    this.#release(waiter);
    return caller;
  }

  /** The key was written: loads that run must not be stored, and new callers do not join them. O(loads in flight). */
  detach(matches: (key: K) => boolean): void {
    for (let slot = 0; slot < this.#keyOf.length; slot++) {
      const key = this.#keyOf[slot];
      if (this.#state[slot] !== OPEN || !matches(key!)) continue;
      this.#state[slot] = DOOMED;
      this.#joinable.delete(key!);
    }
  }

  /** Frees a flight for which nobody waits. */
  close(flight: number): void {
    const slot = flight % SLOTS;
    if (this.#joinable.get(this.#keyOf[slot]!) === slot) this.#joinable.delete(this.#keyOf[slot]!);
    this.#state[slot] = FREE;
    this.#keyOf[slot] = undefined;
    this.#freeFlights[this.#keyOf.length - this.active--] = slot;
  }

  #release(waiter: number): void {
    this.#waiting[this.#flightOf[waiter]!]!--;
    this.#waiters.unlink(waiter);
    this.#flightOf[waiter] = NOBODY;
    this.#freeWaiters[this.#freeWaiterCount++] = waiter;
  }

  #idOf(slot: number): number {
    return slot + this.#flightTurn[slot]! * SLOTS;
  }
}

const FREE = 0;
const OPEN = 1;
const DOOMED = 2;
const LANDED = 3;
