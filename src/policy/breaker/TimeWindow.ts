import type { SampleDump, SampleWindow } from "./SampleWindow.ts";

/**
 * The outcomes of the last `buckets * bucketUs`, by their ends, in buckets on multiples of `bucketUs`: the oldest leaves as a whole, so the window
 * covers between buckets - 1 and buckets of them. O(1) on average.
 */
export class TimeWindow implements SampleWindow {
  total = 0;
  failures = 0;
  slow = 0;
  readonly #bucketUs: number;
  readonly #totals: Float64Array;
  readonly #failures: Float64Array;
  readonly #slow: Float64Array;
  /** Number of the newest bucket. */
  #newest = -Infinity;

  constructor(buckets: number, bucketUs: number) {
    this.#bucketUs = bucketUs;
    this.#totals = new Float64Array(buckets);
    this.#failures = new Float64Array(buckets);
    this.#slow = new Float64Array(buckets);
  }

  add(failed: boolean, slow: boolean, nowUs: number): void {
    this.advance(nowUs);
    this.#addTo(this.#slot(this.#newest), 1, failed ? 1 : 0, slow ? 1 : 0);
  }

  advance(nowUs: number): void {
    const bucket = Math.floor(nowUs / this.#bucketUs);
    const first = Math.max(this.#newest + 1, bucket - this.#totals.length + 1);
    for (let stale = first; stale <= bucket; stale++) {
      const at = this.#slot(stale);
      this.#addTo(at, -this.#totals[at]!, -this.#failures[at]!, -this.#slow[at]!);
    }
    this.#newest = bucket;
  }

  clear(): void {
    this.#totals.fill(0);
    this.#failures.fill(0);
    this.#slow.fill(0);
    this.total = this.failures = this.slow = 0;
  }

  dump(nowUs: number): SampleDump {
    this.advance(nowUs);
    const length = this.#totals.length;
    return Array.from({ length }, (_, i) => this.#newest - length + 1 + i).flatMap((bucket) => {
      const at = this.#slot(bucket);
      const group = {
        ageUs: nowUs - bucket * this.#bucketUs,
        total: this.#totals[at]!,
        failures: this.#failures[at]!,
        slow: this.#slow[at]!,
      };
      return group.total > 0 ? [group] : [];
    });
  }

  load(dump: SampleDump, nowUs: number): void {
    for (const { ageUs, total, failures, slow } of dump) {
      this.advance(nowUs - ageUs);
      this.#addTo(this.#slot(this.#newest), total, failures, slow);
    }
  }

  #slot(bucket: number): number {
    const length = this.#totals.length;
    return ((bucket % length) + length) % length;
  }

  #addTo(at: number, total: number, failures: number, slow: number): void {
    this.#totals[at]! += total;
    this.#failures[at]! += failures;
    this.#slow[at]! += slow;
    this.total += total;
    this.failures += failures;
    this.slow += slow;
  }
}
