import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { standInOf } from "./standInOf.ts";
import { twinOf } from "./Twins.ts";

const NONE = -1;

export interface CacheLoadsOptions {
  readonly simulation: typeof Simulation.Service;
  readonly next: Door;
  /** Infinity for none. */
  readonly leaseMs: number;
  /** The owner of a load has not ended it in time. */
  readonly leaseEnded: (flight: number) => void;
}

/**
 * The loads of a cache under way: attempts of their own at the gateway, for a request of their own, so that a load can go on when the request that
 * asked for it is over. Each has a flight, and maybe a leader: the attempt whose load it is.
 */
export class CacheLoads implements Actor {
  declare private readonly options: CacheLoadsOptions;
  declare private readonly actor: number;
  declare private readonly flight: Column<Float64Array>;
  declare private readonly leader: Column<Int32Array>;
  declare private readonly lease: Column<Float64Array>;
  declare private readonly standIn: Column<Int32Array>;
  /** By flight. */
  private readonly loads = new Map<number, number>();

  constructor(options: CacheLoadsOptions) {
    this.options = options;
    const { kernel, attempts } = options.simulation;
    this.actor = kernel.join(this);
    this.flight = attempts.float64();
    this.leader = attempts.int32();
    this.lease = attempts.float64();
    this.standIn = attempts.int32();
  }

  /** A load of what an attempt asks for, ready to be sent. */
  open(original: number, flight: number, leader: number): number {
    const { attempts, requests } = this.options.simulation;
    const load = twinOf(attempts, original);
    attempts.request.at[load] = standInOf(requests, attempts.request.at[original]!);
    this.track(load, flight, leader);
    return load;
  }

  /** Takes over an attempt that nobody made, with its request. */
  track(load: number, flight: number, leader: number): void {
    const { leaseMs, simulation } = this.options;
    const { attempts, kernel } = simulation;
    attempts.deadlineMs.at[load] = Infinity;
    this.standIn.at[load] = attempts.request.at[load]!;
    this.flight.at[load] = flight;
    this.leader.at[load] = leader;
    this.loads.set(flight, load);
    this.lease.at[load] = leaseMs < Infinity ? kernel.post(kernel.now + leaseMs, this.actor, 0, load, Phase.Control) : NONE;
  }

  wake(_op: number, load: number): void {
    this.lease.at[load] = NONE;
    this.options.leaseEnded(this.flight.at[load]!);
  }

  flightOf(load: number): number {
    return this.flight.at[load]!;
  }

  /** The attempt that waits for this load as its own, -1 for none. */
  leaderOf(load: number): number {
    return this.leader.at[load]!;
  }

  /** The load that will end a flight, -1 for none. */
  of(flight: number): number {
    return this.loads.get(flight) ?? NONE;
  }

  /** The leader is gone; the load goes on for others. */
  orphan(load: number): void {
    this.leader.at[load] = NONE;
  }

  /** The load is over; the gateway gives its attempt back. */
  close(load: number): void {
    const { kernel, requests } = this.options.simulation;
    if (this.lease.at[load] !== NONE) kernel.revoke(this.lease.at[load]!);
    const flight = this.flight.at[load]!;
    if (this.loads.get(flight) === load) this.loads.delete(flight);
    requests.give(this.standIn.at[load]!);
  }

  /** Nobody wants the load any more. */
  drop(load: number): void {
    this.close(load);
    this.options.next.hangUp(load);
  }
}
