/** The deadline of a call downstream: the caller's own less what the way back takes, or a time limit of its own when that ends first. */
export function childDeadlineMs(deadlineMs: number, wayBackMs: number, limitMs: number, nowMs: number): number {
  return Math.min(deadlineMs - wayBackMs, nowMs + limitMs);
}

/** Whether work that takes so long, as expected, ends before the deadline. */
export function fitsDeadline(expectedMs: number, deadlineMs: number, nowMs: number): boolean {
  return nowMs < deadlineMs && nowMs + expectedMs <= deadlineMs;
}
