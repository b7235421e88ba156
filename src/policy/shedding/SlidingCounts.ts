/** Two counts over the last `buckets * bucketMs`, in buckets: the oldest leaves as a whole. O(1) on average; memory is fixed. */
export class SlidingCounts {
  first = 0;
  second = 0;
  readonly #bucketMs: number;
  readonly #firsts: Int32Array;
  readonly #seconds: Int32Array;
  #bucket = -1;

  constructor(buckets: number, bucketMs: number) {
    this.#bucketMs = bucketMs;
    this.#firsts = new Int32Array(buckets);
    this.#seconds = new Int32Array(buckets);
  }

  /** Forgets what has left the window by now; an older time changes nothing. */
  advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    if (bucket <= this.#bucket) return;
    const stale = Math.min(bucket - this.#bucket, this.#firsts.length);
    for (let next = bucket - stale + 1; next <= bucket; next++) this.#empty(next % this.#firsts.length);
    this.#bucket = bucket;
  }

  /** After `advance`. */
  addFirst(): void {
    this.first++;
    this.#firsts[this.#bucket % this.#firsts.length]!++;
  }

  /** After `advance`. */
  addSecond(): void {
    this.second++;
    this.#seconds[this.#bucket % this.#firsts.length]!++;
  }

  #empty(at: number): void {
    this.first -= this.#firsts[at]!;
    this.second -= this.#seconds[at]!;
    this.#firsts[at] = 0;
    this.#seconds[at] = 0;
  }
}
