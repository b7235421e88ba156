/**
 * Whether a reader should load again although the entry is fresh: with probability exp(-x / scaleMs) at x before its expiry.
 * `scaleMs` is beta times the duration of the last load, 0 never refreshes early; `draw` is uniform in [0, 1). Source: Vattani, Chierichetti, Lowenstein 2015, "Optimal probabilistic cache stampede prevention".
 */
export function refreshesEarly(expiresMs: number, scaleMs: number, draw: number, nowMs: number): boolean {
  return nowMs - scaleMs * Math.log(1 - draw) >= expiresMs;
}
