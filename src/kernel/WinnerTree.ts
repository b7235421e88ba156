/**
 * A tournament over a fixed set of leaves, each with one time: the earliest in O(1), a change in O(log n), no cancellation.
 *
 * Ties go to the lower phase, then to the lower leaf. To change a leaf write `nodeMs[first + leaf]`, then call
 * settle(leaf): the double goes through the array, because a double passed to a function that is not inlined is boxed.
 */
export class WinnerTree {
  /** Times of the nodes: the root at 1, the leaves from `first` on. Replaced on growth. */
  nodeMs = new Float64Array(2).fill(Infinity);
  /** The winning leaf below each node. */
  nodeLeaf = new Int32Array(2);
  /** Phase of each leaf. */
  phases = new Int32Array(1);
  /** Index of the first leaf among the nodes. */
  first = 1;
  size = 0;

  /** Adds a leaf at Infinity and returns its number, counted from 0. */
  add(phase: number): number {
    if (this.size === this.first) this.grow();
    const leaf = this.size++;
    this.phases[leaf] = phase;
    this.settle(leaf);
    return leaf;
  }

  /** Plays the matches from the leaf to the root, up to the first match whose result stays the same. */
  settle(leaf: number): void {
    const ms = this.nodeMs;
    const leaves = this.nodeLeaf;
    let node = this.first + leaf;
    while (node > 1) {
      const parent = node >> 1;
      const left = node & ~1;
      const right = left | 1;
      const leftMs = ms[left]!;
      const rightMs = ms[right]!;
      // Arithmetic instead of a branch, which the processor would guess wrong half of the time.
      let winner = left + Number(rightMs < leftMs);
      if (rightMs === leftMs && this.rightFirst(left, right)) winner = right;
      const winnerMs = ms[winner]!;
      const winnerLeaf = leaves[winner]!;
      if (leaves[parent] === winnerLeaf && ms[parent] === winnerMs) return;
      ms[parent] = winnerMs;
      leaves[parent] = winnerLeaf;
      node = parent;
    }
  }

  /** At equal times: does the right node go first? The leaves on the left have lower numbers. */
  private rightFirst(left: number, right: number): boolean {
    return this.phases[this.nodeLeaf[right]!]! < this.phases[this.nodeLeaf[left]!]!;
  }

  private grow(): void {
    const before = this.first;
    const times = this.nodeMs.slice(before, before * 2);
    this.first = before * 2;
    this.nodeMs = new Float64Array(this.first * 2).fill(Infinity);
    this.nodeMs.set(times, this.first);
    const phases = new Int32Array(this.first);
    phases.set(this.phases);
    this.phases = phases;
    this.nodeLeaf = new Int32Array(this.first * 2);
    for (let leaf = 0; leaf < this.first; leaf++) this.nodeLeaf[this.first + leaf] = leaf;
    for (let node = this.first - 1; node >= 1; node--) this.replay(node);
  }

  private replay(node: number): void {
    const left = node * 2;
    const right = left + 1;
    const rightWins =
      this.nodeMs[right]! < this.nodeMs[left]! || (this.nodeMs[right] === this.nodeMs[left] && this.rightFirst(left, right));
    const winner = rightWins ? right : left;
    this.nodeMs[node] = this.nodeMs[winner]!;
    this.nodeLeaf[node] = this.nodeLeaf[winner]!;
  }
}
