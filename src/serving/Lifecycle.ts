import type { Kernel } from "../kernel/Kernel.ts";
import type { LifeState, LivingReplica } from "./life/LivingReplica.ts";
import { ReplicaCounts } from "./life/ReplicaCounts.ts";

/** Who hears that a replica takes attempts from now on, or no longer: the gateway. */
export interface LifecycleListener {
  availabilityChanged(replica: number): void;
}

/** Turns replicas on and off, by their number in the fleet. Replicas of pools without a startup are always on: they have no entry. */
export class Lifecycle {
  declare private readonly kernel: Kernel;
  private readonly living = new Map<number, LivingReplica>();
  private readonly poolOf = new Map<number, number>();
  private readonly pools = new Map<number, ReplicaCounts>();
  private readonly listeners: Array<LifecycleListener> = [];

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  add(replica: number, pool: number, living: LivingReplica): void {
    this.living.set(replica, living);
    this.poolOf.set(replica, pool);
    const counts = this.pools.get(pool) ?? new ReplicaCounts(this.kernel);
    this.pools.set(pool, counts);
    counts.add(living.state);
  }

  connect(listener: LifecycleListener): void {
    this.listeners.push(listener);
  }

  /** Called by a replica when it begins or ceases to take attempts. */
  changed(replica: number): void {
    for (const listener of this.listeners) listener.availabilityChanged(replica);
  }

  /** Called by a replica whenever its state changes. */
  moved(replica: number, before: LifeState, after: LifeState): void {
    this.pools.get(this.poolOf.get(replica) ?? -1)?.moved(before, after);
  }

  /** Undefined for a replica that is always on. */
  state(replica: number): LifeState | undefined {
    return this.living.get(replica)?.state;
  }

  /** How many replicas of a pool are ready, starting, rented; undefined for a pool whose replicas are always on. */
  counts(pool: number): ReplicaCounts | undefined {
    return this.pools.get(pool);
  }

  /** Begins to start a replica that is off. */
  start(replica: number): void {
    this.living.get(replica)?.start();
  }

  /** Lets a replica finish what it holds, within the time limit of its pool by default, then turns it off. */
  drain(replica: number, timeoutMs?: number): void {
    this.living.get(replica)?.drain(timeoutMs);
  }

  /** Turns a replica off at once: what it holds fails. */
  stop(replica: number): void {
    this.living.get(replica)?.stop();
  }

  /** Attempts that the replica held, integrated over time in ms since the beginning; undefined for one that is always on. */
  heldTime(replica: number): number | undefined {
    return this.living.get(replica)?.heldTime;
  }

  /** Time since the start of the measurement in which the replica was rented; undefined for one that is always on. */
  paidMs(replica: number): number | undefined {
    return this.living.get(replica)?.paidMs;
  }

  /** Forgets the counts so far: the warm-up is over. */
  startMeasuring(): void {
    for (const counts of this.pools.values()) counts.restart();
  }
}
