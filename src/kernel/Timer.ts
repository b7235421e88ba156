import { InvariantBroken } from "./Invariants.ts";
import type { WinnerTree } from "./WinnerTree.ts";

/** What a timer or ring needs to know of its kernel. */
export interface Clock {
  readonly now: number;
  hasPassed(timerLeaf: number): boolean;
}

/** One reschedulable pending time of one component, a leaf of a winner tree: nothing piles up, setting needs no cancel. */
export class Timer {
  declare private readonly tree: WinnerTree;
  declare private readonly clock: Clock;
  declare private readonly leaf: number;

  constructor(tree: WinnerTree, leaf: number, clock: Clock) {
    this.tree = tree;
    this.clock = clock;
    this.leaf = leaf;
  }

  /** The pending time in ms, Infinity when none. */
  get atMs(): number {
    return this.tree.nodeMs[this.tree.first + this.leaf]!;
  }

  /** Whether the timer's turn in the order of the present instant is over, or is now: what is set for this instant would come late. */
  get passed(): boolean {
    return this.clock.hasPassed(this.leaf);
  }

  /** Replaces the pending time. `atMs` lies on the grid already; a time in the past throws InvariantBroken(2). */
  set(atMs: number): void {
    if (!(atMs >= this.clock.now)) {
      throw new InvariantBroken(2, this.clock.now, `timer set to ${atMs} ms`);
    }
    this.tree.nodeMs[this.tree.first + this.leaf] = atMs;
    this.tree.settle(this.leaf);
  }

  /** Forgets the pending time, if any. */
  clear(): void {
    this.tree.nodeMs[this.tree.first + this.leaf] = Infinity;
    this.tree.settle(this.leaf);
  }
}
