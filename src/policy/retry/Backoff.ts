/** How the waits between tries grow, and how they are spread. */
export interface BackoffSettings {
  /** Before the first retry, >= 0. */
  readonly baseMs: number;
  /** Growth from one wait to the next, >= 1. */
  readonly factor: number;
  readonly capMs: number;
  /** full: between 0 and the wait. equal: between half of it and all. decorrelated: between base and three times the last wait, at most the cap. */
  readonly jitter: "none" | "full" | "equal" | "decorrelated";
}

/**
 * Wait before retry 1, 2, ... in ms. `draw` is uniform in [0, 1); `previousMs` is the last wait, which decorrelated jitter alone asks for.
 * Source: Brooker, Exponential backoff and jitter, AWS Architecture Blog, 2015.
 */
export function backoffMs(settings: BackoffSettings, retry: number, draw: number, previousMs = settings.baseMs): number {
  const { baseMs, factor, capMs, jitter } = settings;
  if (jitter === "decorrelated") return Math.min(capMs, baseMs + draw * Math.max(0, 3 * previousMs - baseMs));
  const waitMs = baseMs === 0 ? 0 : Math.min(capMs, baseMs * factor ** (retry - 1));
  if (jitter === "full") return draw * waitMs;
  return jitter === "equal" ? waitMs / 2 + (draw * waitMs) / 2 : waitMs;
}

/**
 * What a server's hint makes of a computed wait: NaN (no hint) leaves it, a hint replaces it, and a negative or endless one means that a retry is
 * useless: Infinity. Source: gRPC proposal A6, server pushback; RFC 9110, Retry-After.
 */
export function hintedMs(computedMs: number, hintMs: number): number {
  if (Number.isNaN(hintMs)) return computedMs;
  return hintMs >= 0 ? hintMs : Infinity;
}
