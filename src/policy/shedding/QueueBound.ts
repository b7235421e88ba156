import { requireSetting } from "../SettingFault.ts";
import { Verdict } from "./Shedder.ts";

export interface QueueBoundSettings {
  /** 0 for no queue, Infinity for no bound. */
  readonly requests: number;
  /** A request with more tokens than this can never wait. Infinity for no bound. */
  readonly tokens: number;
}

/** How much may wait, in requests and in tokens: what would exceed a bound does not join. Source: vLLM, pull request 49445 (both bounds). */
export class QueueBound {
  requests = 0;
  tokens = 0;
  /** When the queue was last empty; -Infinity before the first call. */
  emptyAtMs = -Infinity;
  readonly #settings: QueueBoundSettings;

  /** Throws SettingFault. */
  constructor(settings: QueueBoundSettings) {
    requireSetting("queue.requests", settings.requests, { least: 0, whole: true, unbounded: true });
    requireSetting("queue.tokens", settings.tokens, { least: 0, whole: true, unbounded: true });
    this.#settings = settings;
  }

  enter(tokens: number, nowMs: number): number {
    if (this.requests === 0) this.emptyAtMs = nowMs;
    if (this.requests + 1 > this.#settings.requests) return Verdict.QueueFull;
    if (this.tokens + tokens > this.#settings.tokens) return Verdict.TokensFull;
    this.requests++;
    this.tokens += tokens;
    return Verdict.Pass;
  }

  leave(tokens: number, nowMs: number): void {
    this.requests--;
    this.tokens -= tokens;
    if (this.requests === 0) this.emptyAtMs = nowMs;
  }

  /** How long the queue has not been empty. */
  standingMs(nowMs: number): number {
    return this.requests === 0 ? 0 : nowMs - this.emptyAtMs;
  }
}
