export interface KvTransfer {
  readonly bytes: number;
  /** Of this share nothing can be sent before now. */
  readonly visibleRatio: number;
  /** From then on the rest could be sent, in what time the link had to spare; now if the rest had to wait as well. */
  readonly sinceMs: number;
}

/** The link on which a prefill replica sends KV: one transfer after another, each at full speed. */
export class KvLink {
  transfers = 0;
  bytes = 0;
  /** Faults that hold it down. */
  private holds = 0;
  declare private readonly bytesPerMs: number;
  /** Transfers take this many times as long. */
  private factor = 1;
  /** When all that was given to it is sent, and where the last gap in its work up to now begins. */
  private freeMs = 0;
  private gapFromMs = 0;
  private lookedMs = 0;
  /** Work that it was given, as time, and what of it was done before the measurement. */
  private givenMs = 0;
  private unmeasuredMs = 0;

  constructor(bytesPerMs: number) {
    this.bytesPerMs = bytesPerMs;
  }

  get down(): boolean {
    return this.holds > 0;
  }

  /** Takes a transfer; how long until it is over, in ms. */
  send(nowMs: number, { bytes, visibleRatio, sinceMs }: KvTransfer): number {
    this.transfers++;
    this.bytes += bytes;
    if (nowMs > this.lookedMs && this.freeMs > this.gapFromMs) this.gapFromMs = this.freeMs;
    this.lookedMs = nowMs;
    const workMs = (bytes * this.factor) / this.bytesPerMs;
    const hiddenMs = workMs * (1 - visibleRatio);
    const gapMs = Math.max(this.gapFromMs, sinceMs);
    const doneMs = Math.max(0, Math.min(hiddenMs, nowMs - gapMs));
    if (doneMs > 0) this.gapFromMs = gapMs + doneMs;
    this.givenMs += workMs;
    this.freeMs = Math.max(this.freeMs, nowMs) + (workMs - doneMs);
    return this.freeMs - nowMs;
  }

  /** Time in which it has sent something since the start of the measurement. */
  busyMs(nowMs: number): number {
    return this.givenMs - Math.max(0, this.freeMs - nowMs) - this.unmeasuredMs;
  }

  /** A fault holds it down, or lets it go: what it was sending is lost. */
  hold(nowMs: number, on: boolean): void {
    this.holds += on ? 1 : -1;
    if (on) this.clear(nowMs);
  }

  /** Transfers that it takes from now on take `factor` times as long. */
  slow(factor: number): void {
    this.factor = factor;
  }

  /** What it was to send is lost. */
  clear(nowMs: number): void {
    this.givenMs -= Math.max(0, this.freeMs - nowMs);
    this.freeMs = Math.min(this.freeMs, nowMs);
  }

  startMeasuring(nowMs: number): void {
    this.transfers = 0;
    this.bytes = 0;
    this.unmeasuredMs += this.busyMs(nowMs);
  }
}
