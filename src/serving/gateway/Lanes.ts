import type { Column } from "../../kernel/SlotPool.ts";
import { VirtualTokenCounter } from "../../policy/concurrency/VirtualTokenCounter.ts";
import type { Attempts } from "../Attempts.ts";
import { SlotList } from "../engine/SlotList.ts";

/** Fair queueing: whoever got the least service is next. */
export interface FairSpec {
  /** Whose service counts together. */
  readonly by: "tenant" | "class";
  /** Weight of a token of a prompt and of an answer. */
  readonly inputWeight: number;
  readonly outputWeight: number;
}

export interface LanesOptions {
  readonly attempts: Attempts;
  readonly fair: FairSpec | undefined;
  /** Of each traffic class: whom the attempt belongs to, and its tenant; counted from 0. */
  readonly keyOf: Int32Array;
  readonly tenantOf: Int32Array;
  /** Of each traffic class: how much more service than others it gets where the order is fair. */
  readonly weights: ReadonlyArray<number>;
  /** Number of targets, and the target of an attempt, which does not change while it waits. */
  readonly targets: number;
  readonly targetOf: (attempt: number) => number;
}

const NOBODY = -1;

/**
 * Waiting attempts in lanes by key (a tenant or class) and target (where they may go), so that one who may not go now does not stand in the way of
 * others. With a single lane it is a plain list. O(1) to join and leave, O(lanes) to find who is next.
 */
export class Lanes {
  length = 0;
  declare private readonly attempts: Attempts;
  declare private readonly lists: ReadonlyArray<SlotList>;
  declare private readonly keyOf: Int32Array;
  declare private readonly tenantOf: Int32Array;
  declare private readonly weights: ReadonlyArray<number>;
  declare private readonly targets: number;
  declare private readonly targetOf: (attempt: number) => number;
  private readonly counter: VirtualTokenCounter | undefined;
  /** Order of arrival, where there are several lanes. */
  private readonly arrival: Column<Float64Array> | undefined;
  declare private readonly blocked: Uint8Array;
  declare private readonly laneTenant: Int32Array;
  private anyBlocked = false;
  private arrivals = 0;

  constructor({ attempts, fair, keyOf, tenantOf, weights, targets, targetOf }: LanesOptions) {
    const keys = keyOf.reduce((most, key) => Math.max(most, key + 1), 1);
    this.attempts = attempts;
    this.lists = Array.from({ length: keys * targets }, () => new SlotList(attempts));
    this.keyOf = keyOf;
    this.tenantOf = tenantOf;
    this.weights = weights;
    this.targets = targets;
    this.targetOf = targetOf;
    this.counter = fair === undefined ? undefined : new VirtualTokenCounter({ clients: keys, ...fair });
    this.arrival = this.lists.length > 1 ? attempts.float64() : undefined;
    this.blocked = new Uint8Array(this.lists.length);
    this.laneTenant = new Int32Array(this.lists.length);
    keyOf.forEach((key, classIndex) => this.laneTenant.fill(tenantOf[classIndex]!, key * targets, (key + 1) * targets));
  }

  /** When the attempt that has waited the longest came; Infinity when nobody waits. */
  get oldestMs(): number {
    let oldestMs = Infinity;
    for (const { first } of this.lists) if (first !== NOBODY) oldestMs = Math.min(oldestMs, this.attempts.arrivalMs.at[first]!);
    return oldestMs;
  }

  /** Whether nobody waits in the lane that the attempt would join. */
  isClear(attempt: number): boolean {
    return this.lists[this.laneOf(attempt)]!.length === 0;
  }

  join(attempt: number): void {
    if (this.arrival !== undefined) this.arrival.at[attempt] = this.arrivals++;
    this.lists[this.laneOf(attempt)]!.pushBack(attempt);
    this.counter?.arrive(this.key(attempt));
    this.length++;
  }

  leave(attempt: number): void {
    this.lists[this.laneOf(attempt)]!.remove(attempt);
    this.counter?.leave(this.key(attempt));
    this.length--;
  }

  /** Who is next of the lanes that are not blocked: of the least served key the oldest (or newest), else of all; -1 for nobody. */
  next(newestFirst: boolean): number {
    if (this.lists.length === 1) return this.blocked[0] === 1 ? NOBODY : this.endOf(0, newestFirst);
    let best = NOBODY;
    let least = Infinity;
    for (let lane = 0; lane < this.lists.length; lane++) {
      const attempt = this.blocked[lane] === 1 ? NOBODY : this.endOf(lane, newestFirst);
      if (attempt === NOBODY) continue;
      const rank = this.rank(attempt, newestFirst);
      if (rank >= least) continue;
      least = rank;
      best = attempt;
    }
    return best;
  }

  /** The newest attempt of a key that is of one of these classes; -1 without any. */
  newest(key: number, isOf: (classIndex: number) => boolean): number {
    let newest = NOBODY;
    for (const list of this.lists.slice(key * this.targets, (key + 1) * this.targets)) {
      let attempt = list.last;
      while (attempt !== NOBODY && !isOf(this.attempts.classIndex.at[attempt]!)) attempt = list.before(attempt);
      if (attempt !== NOBODY && (newest === NOBODY || this.arrival!.at[attempt]! > this.arrival!.at[newest]!)) newest = attempt;
    }
    return newest;
  }

  /** Until `unblock`, nobody of this attempt's target is next. */
  blockTarget(attempt: number): void {
    for (let lane = this.targetOf(attempt); lane < this.blocked.length; lane += this.targets) this.blocked[lane] = 1;
    this.anyBlocked = true;
  }

  /** Until `unblock`, nobody of this attempt's tenant is next. */
  blockTenant(attempt: number): void {
    const tenant = this.tenantOf[this.attempts.classIndex.at[attempt]!]!;
    for (let lane = 0; lane < this.blocked.length; lane++) if (this.laneTenant[lane] === tenant) this.blocked[lane] = 1;
    this.anyBlocked = true;
  }

  unblock(): void {
    if (this.anyBlocked) this.blocked.fill(0);
    this.anyBlocked = false;
  }

  /** The attempt starts; it has left its lane, or was never in one. */
  started(attempt: number, queued: boolean): void {
    if (this.counter === undefined) return;
    const key = this.key(attempt);
    if (!queued) {
      // Who never waited is lifted as those who did.
      this.counter.arrive(key);
      this.counter.leave(key);
    }
    this.counter.charge(key, this.attempts.promptTokens.at[attempt]!, 0, this.weight(attempt));
  }

  /** The engine generated so many tokens for it. */
  served(attempt: number, outputTokens: number): void {
    this.counter?.charge(this.key(attempt), 0, outputTokens, this.weight(attempt));
  }

  private rank(attempt: number, newestFirst: boolean): number {
    if (this.counter !== undefined) return this.counter.served(this.key(attempt));
    return newestFirst ? -this.arrival!.at[attempt]! : this.arrival!.at[attempt]!;
  }

  private endOf(lane: number, newestFirst: boolean): number {
    return newestFirst ? this.lists[lane]!.last : this.lists[lane]!.first;
  }

  private key(attempt: number): number {
    return this.keyOf[this.attempts.classIndex.at[attempt]!]!;
  }

  private weight(attempt: number): number {
    return this.weights[this.attempts.classIndex.at[attempt]!]!;
  }

  private laneOf(attempt: number): number {
    return this.lists.length === 1 ? 0 : this.key(attempt) * this.targets + this.targetOf(attempt);
  }
}
