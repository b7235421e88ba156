/** Children of a node: their times fill one cache line. */
const WIDTH_BITS = 2;
const WIDTH = 1 << WIDTH_BITS;

/**
 * A tournament over a fixed set of leaves, each with one time: the earliest in O(1), a change in O(log n), no cancellation.
 *
 * Ties go to the lower phase, then to the lower leaf. To change a leaf write `nodeMs[first + leaf]`, then call
 * settle(leaf): the double goes through the array, because a double passed to a function that is not inlined is boxed.
 *
 * The arrays are plain ones, packed and of one kind of number: V8 reads those in half as many instructions as typed arrays.
 */
export class WinnerTree {
  /** Times of the nodes: the root at 1, the children of n from 8 n on, the leaves from `first` on. Replaced on growth. */
  nodeMs: Array<number> = times(2 * WIDTH);
  /** The winning leaf below each node. */
  nodeLeaf: Array<number> = leavesFrom(WIDTH);
  /** Phase of each leaf. */
  phases: Array<number> = [];
  /** Index of the first leaf among the nodes. */
  first = WIDTH;
  size = 0;
  /** Leaves have different phases: equal times are looked at again. */
  private mixed = false;

  /** Adds a leaf at Infinity and returns its number, counted from 0. */
  add(phase: number): number {
    if (this.size === this.first) this.grow();
    const leaf = this.size++;
    this.phases.push(phase);
    if (phase !== this.phases[0]) this.mixed = true;
    return leaf;
  }

  /** Plays the matches from the leaf to the root, up to the first match whose result stays the same. */
  settle(leaf: number): void {
    const ms = this.nodeMs;
    const leaves = this.nodeLeaf;
    for (let node = this.first + leaf; node > 1; node >>= WIDTH_BITS) {
      const from = node & -WIDTH;
      // Sums instead of branches, which the processor would guess wrong half of the time.
      const a = from | Number(ms[from | 1]! < ms[from]!);
      const b = from | 2 | Number(ms[from | 3]! < ms[from | 2]!);
      let winner = a ^ ((a ^ b) & -Number(ms[b]! < ms[a]!));
      if (this.mixed) winner = this.lowestPhase(winner);
      const parent = node >> WIDTH_BITS;
      const winnerMs = ms[winner]!;
      const winnerLeaf = leaves[winner]!;
      if (leaves[parent] === winnerLeaf && ms[parent] === winnerMs) return;
      ms[parent] = winnerMs;
      leaves[parent] = winnerLeaf;
    }
  }

  /** Of the node and those beside it that have the same time, the first one with the lowest phase. */
  private lowestPhase(node: number): number {
    const { nodeMs, nodeLeaf, phases } = this;
    const end = (node | (WIDTH - 1)) + 1;
    let lowest = node;
    for (let other = node + 1; other < end; other++) {
      if (nodeMs[other] === nodeMs[node] && phases[nodeLeaf[other]!]! < phases[nodeLeaf[lowest]!]!) lowest = other;
    }
    return lowest;
  }

  private grow(): void {
    const before = this.first;
    const pending = this.nodeMs.slice(before, before * 2);
    this.first = before * WIDTH;
    this.nodeMs = times(this.first * 2);
    pending.forEach((ms, leaf) => (this.nodeMs[this.first + leaf] = ms));
    this.nodeLeaf = leavesFrom(this.first);
    for (let leaf = 0; leaf < before; leaf++) this.settle(leaf);
  }
}

const times = (size: number): Array<number> => Array.from({ length: size }, () => Infinity);

/** Winning leaves of nodes that all have the same time, the first leaf being node number `first`. */
const leavesFrom = (first: number): Array<number> => Array.from({ length: 2 * first }, (_, node) => Math.max(0, node - first));
