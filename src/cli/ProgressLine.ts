import type { Progress } from "../experiment/runReplication.ts";
import { showQuantity } from "../experiment/showQuantity.ts";

const REDRAW_MS = 100;
const CLEAR = "\r\u001B[2K";

/** A live line on stderr: simulated time, events per second, time left. Only on a terminal and outside CI. */
export class ProgressLine {
  declare private readonly enabled: boolean;
  declare private readonly replications: number;
  private readonly startedMs = performance.now();
  private drawnMs = -Infinity;
  private eventsBefore = 0;
  private lastEvents = 0;
  private lastReplication = 0;

  constructor(options: { readonly quiet: boolean; readonly replications: number }) {
    this.enabled = !options.quiet && process.stderr.isTTY === true && !process.env["CI"];
    this.replications = options.replications;
  }

  readonly update = (progress: Progress): void => {
    if (progress.replication !== this.lastReplication) {
      this.eventsBefore += this.lastEvents;
      this.lastReplication = progress.replication;
    }
    this.lastEvents = progress.events;
    const nowMs = performance.now();
    if (!this.enabled || nowMs - this.drawnMs < REDRAW_MS) return;
    this.drawnMs = nowMs;
    process.stderr.write(CLEAR + this.text(progress, nowMs - this.startedMs));
  };

  clear(): void {
    if (this.enabled && this.drawnMs > 0) process.stderr.write(CLEAR);
  }

  private text(progress: Progress, elapsedMs: number): string {
    const done = (progress.replication + progress.simulatedMs / progress.horizonMs) / this.replications;
    const perSecond = ((this.eventsBefore + progress.events) * 1000) / Math.max(1, elapsedMs);
    const leftMs = done > 0 ? (elapsedMs * (1 - done)) / done : Infinity;
    const which = this.replications > 1 ? `replication ${progress.replication + 1}/${this.replications}, ` : "";
    const eta = Number.isFinite(leftMs) ? `, ${span(leftMs)} left` : "";
    return `${which}simulated ${span(progress.simulatedMs)} of ${span(progress.horizonMs)} (${Math.round(done * 100)} %), ${inThousands(perSecond)} events/s${eta}`;
  }
}

/** Whole seconds, at least one. */
const span = (ms: number): string => showQuantity(Math.max(1000, Math.round(ms / 1000) * 1000), "ms");

const inThousands = (count: number): string => (count < 1e6 ? `${Math.round(count / 1e3)}k` : `${(count / 1e6).toFixed(1)}M`);
