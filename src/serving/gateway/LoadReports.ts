/**
 * The attempts that each replica held at the last report, which is what a router sees between two reports. Reports are at multiples of `everyMs`;
 * counts change between them unseen. O(replicas) per report, and only when somebody looks or counts change.
 */
export class LoadReports {
  declare readonly seen: Int32Array;
  declare private readonly everyMs: number;
  declare private readonly counts: Int32Array;
  private nextMs = 0;

  constructor(everyMs: number, counts: Int32Array) {
    this.everyMs = everyMs;
    this.counts = counts;
    this.seen = new Int32Array(counts.length);
  }

  /** Before each look and each change: the report that is due holds the counts as they are still. */
  update(nowMs: number): void {
    if (nowMs < this.nextMs) return;
    this.seen.set(this.counts);
    this.nextMs = (Math.floor(nowMs / this.everyMs) + 1) * this.everyMs;
  }
}
