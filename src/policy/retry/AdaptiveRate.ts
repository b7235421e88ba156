const BETA = 0.7;
const SCALE = 0.4;
const SMOOTHING = 0.8;
const LEAST_PER_SECOND = 0.5;

/**
 * Client-side rate that follows throttling answers by CUBIC: beta 0.7, scale 0.4, never below 0.5/s, at most twice the measured rate. Bounds all
 * attempts, not only retries; unlimited until the first throttling. Source: AWS SDKs, adaptive mode (botocore, retries/adaptive.py and bucket).
 */
export class AdaptiveRate {
  readonly name = "adaptiveRate";
  #enabled = false;
  #fillPerSecond = 0;
  #capacity = 1;
  #level = 0;
  #atMs = -Infinity;
  #measured = 0;
  #bucket = -Infinity;
  #count = 0;
  #maxRate = 0;
  #throttledAtMs = 0;
  #windowSeconds = 0;

  /** 0: send now, charged; else try again after so many ms. Times must not decrease. */
  acquireMs(nowMs: number): number {
    if (!this.#enabled) return 0;
    this.#refill(nowMs);
    if (this.#level < 1) return ((1 - this.#level) / this.#fillPerSecond) * 1000;
    this.#level -= 1;
    return 0;
  }

  /** Sending rate in permits per second; Infinity before the first throttling. */
  get perSecond(): number {
    return this.#enabled ? this.#fillPerSecond : Infinity;
  }

  /** An answer came: whether it was a throttling one. */
  answered(throttled: boolean, nowMs: number): void {
    this.#measure(nowMs);
    const rate = throttled ? this.#onThrottle(nowMs) : this.#cubic(nowMs);
    if (!this.#enabled) return;
    this.#refill(nowMs);
    this.#fillPerSecond = Math.max(LEAST_PER_SECOND, Math.min(rate, 2 * this.#measured));
    this.#capacity = Math.max(1, this.#fillPerSecond);
    this.#level = Math.min(this.#level, this.#capacity);
  }

  #onThrottle(nowMs: number): number {
    const rate = this.#enabled ? Math.min(this.#measured, this.#fillPerSecond) : this.#measured;
    this.#maxRate = rate;
    this.#windowSeconds = Math.cbrt((rate * (1 - BETA)) / SCALE);
    this.#throttledAtMs = nowMs;
    if (!this.#enabled) this.#atMs = nowMs;
    this.#enabled = true;
    return rate * BETA;
  }

  #cubic(nowMs: number): number {
    return SCALE * ((nowMs - this.#throttledAtMs) / 1000 - this.#windowSeconds) ** 3 + this.#maxRate;
  }

  /** Smoothed rate of answers, in half seconds. */
  #measure(nowMs: number): void {
    const bucket = Math.floor(nowMs / 500);
    this.#count++;
    if (this.#bucket === -Infinity) this.#bucket = bucket - 1;
    if (bucket <= this.#bucket) return;
    const perSecond = this.#count / ((bucket - this.#bucket) / 2);
    this.#measured = perSecond * SMOOTHING + this.#measured * (1 - SMOOTHING);
    this.#count = 0;
    this.#bucket = bucket;
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#level = Math.min(this.#capacity, this.#level + (elapsedMs * this.#fillPerSecond) / 1000);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
