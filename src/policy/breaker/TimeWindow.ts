import type { SampleDump, SampleWindow } from "./SampleWindow.ts";

/**
 * The judgments of the last `buckets * bucketUs`, in buckets on multiples of `bucketUs`: the oldest leaves as a whole, so the window
 * covers between buckets - 1 and buckets of them. O(1) on average.
 */
export class TimeWindow implements SampleWindow {
  total = 0;
  bad = 0;
  readonly #bucketUs: number;
  readonly #totals: Float64Array;
  readonly #bads: Float64Array;
  /** Number of the newest bucket. */
  #newest = -Infinity;

  constructor(buckets: number, bucketUs: number) {
    this.#bucketUs = bucketUs;
    this.#totals = new Float64Array(buckets);
    this.#bads = new Float64Array(buckets);
  }

  add(bad: boolean, nowUs: number): void {
    this.advance(nowUs);
    this.#addTo(this.#slot(this.#newest), 1, bad ? 1 : 0);
  }

  advance(nowUs: number): void {
    const bucket = Math.floor(nowUs / this.#bucketUs);
    const first = Math.max(this.#newest + 1, bucket - this.#totals.length + 1);
    for (let stale = first; stale <= bucket; stale++) {
      const at = this.#slot(stale);
      this.#addTo(at, -this.#totals[at]!, -this.#bads[at]!);
    }
    this.#newest = bucket;
  }

  clear(): void {
    this.#totals.fill(0);
    this.#bads.fill(0);
    this.total = this.bad = 0;
  }

  dump(nowUs: number): SampleDump {
    this.advance(nowUs);
    const length = this.#totals.length;
    return Array.from({ length }, (_, i) => this.#newest - length + 1 + i).flatMap((bucket) => {
      const at = this.#slot(bucket);
      const group = { ageUs: nowUs - bucket * this.#bucketUs, total: this.#totals[at]!, bad: this.#bads[at]! };
      return group.total > 0 ? [group] : [];
    });
  }

  load(dump: SampleDump, nowUs: number): void {
    for (const { ageUs, total, bad } of dump) {
      this.advance(nowUs - ageUs);
      this.#addTo(this.#slot(this.#newest), total, bad);
    }
  }

  #slot(bucket: number): number {
    const length = this.#totals.length;
    return ((bucket % length) + length) % length;
  }

  #addTo(at: number, total: number, bad: number): void {
    this.#totals[at]! += total;
    this.#bads[at]! += bad;
    this.total += total;
    this.bad += bad;
  }
}
