import type { LifeState, LivingReplica } from "./life/LivingReplica.ts";

/** Who hears that a replica takes attempts from now on, or no longer: the gateway. */
export interface LifecycleListener {
  availabilityChanged(replica: number): void;
}

/** Turns replicas on and off, by their number in the fleet. Replicas of pools without a startup are always on: they have no entry. */
export class Lifecycle {
  private readonly living = new Map<number, LivingReplica>();
  private readonly listeners: Array<LifecycleListener> = [];

  add(replica: number, living: LivingReplica): void {
    this.living.set(replica, living);
  }

  connect(listener: LifecycleListener): void {
    this.listeners.push(listener);
  }

  /** Called by a replica when it begins or ceases to take attempts. */
  changed(replica: number): void {
    for (const listener of this.listeners) listener.availabilityChanged(replica);
  }

  /** Undefined for a replica that is always on. */
  state(replica: number): LifeState | undefined {
    return this.living.get(replica)?.state;
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

  /** Time since the start of the measurement in which the replica was rented; undefined for one that is always on. */
  paidMs(replica: number): number | undefined {
    return this.living.get(replica)?.paidMs;
  }
}
