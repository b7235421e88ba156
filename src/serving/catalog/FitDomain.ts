/** Where a fit was made; beyond these bounds it is an extrapolation. */
export interface FitDomain {
  readonly maxSequences: number;
  /** KV tokens of all decoding sequences of the step. */
  readonly maxKvTokens: number;
  /** Prefill tokens of the step. */
  readonly maxPrefillTokens: number;
}
