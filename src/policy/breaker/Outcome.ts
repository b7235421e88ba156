/** How a call ended that a breaker admitted. Local rejections, cache hits and followers of a shared load are no outcomes: settle them as Ignored. */
export const Outcome = {
  Success: 0,
  Failure: 1,
  SlowSuccess: 2,
  SlowFailure: 3,
  /** Cancelled, stopped by an inner layer, or unclassified by choice: frees the slot and is no sample. */
  Ignored: 4,
} as const;

/** The class of a call that reached the backend; slow from `slowCallMs` on. */
export function outcomeOf(succeeded: boolean, durationMs: number, slowCallMs: number): number {
  return (succeeded ? 0 : 1) + (durationMs >= slowCallMs ? 2 : 0);
}

export function isFailure(outcome: number): boolean {
  return (outcome & 1) === 1;
}

export function isSlow(outcome: number): boolean {
  return (outcome & 2) === 2;
}
