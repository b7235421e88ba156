/**
 * A run of k steps whose durations form an arithmetic progression: step j (from 0) lasts `firstMs + gapMs * j`.
 * All arguments lie on the time grid, so every value here is exact.
 */

/** Duration of the first `steps` steps. */
export const durationMs = (firstMs: number, gapMs: number, steps: number): number => firstMs * steps + gapMs * ((steps * (steps - 1)) / 2);

/**
 * The first step boundary, counted from 1, that does not lie before `delayMs` (or, exclusively, that lies after it), at most `maxSteps`.
 * The square root only guesses; the exact durations decide.
 */
export const firstBoundary = (
  firstMs: number,
  gapMs: number,
  delayMs: number,
  options: { readonly inclusive: boolean; readonly maxSteps: number },
): number => {
  const { inclusive, maxSteps } = options;
  const half = firstMs - gapMs / 2;
  const guess = delayMs <= 0 ? 1 : Math.ceil((2 * delayMs) / (half + Math.sqrt(half * half + 2 * gapMs * delayMs)));
  // As a small integer, so that counters stay small integers.
  let steps = (guess < maxSteps ? Math.max(guess, 1) : maxSteps) | 0;
  while (steps > 1 && reached(durationMs(firstMs, gapMs, steps - 1), delayMs, inclusive)) steps--;
  while (steps < maxSteps && !reached(durationMs(firstMs, gapMs, steps), delayMs, inclusive)) steps++;
  return steps;
};

/** Steps that are over after `elapsedMs` (or, exclusively, before it), at most `maxSteps`. */
export const completedSteps = (
  firstMs: number,
  gapMs: number,
  elapsedMs: number,
  options: { readonly inclusive: boolean; readonly maxSteps: number },
): number => {
  const boundary = firstBoundary(firstMs, gapMs, elapsedMs, { inclusive: true, maxSteps: options.maxSteps });
  const endMs = durationMs(firstMs, gapMs, boundary);
  return endMs < elapsedMs || (options.inclusive && endMs === elapsedMs) ? boundary : boundary - 1;
};

const reached = (boundaryMs: number, delayMs: number, inclusive: boolean): boolean =>
  inclusive ? boundaryMs >= delayMs : boundaryMs > delayMs;
