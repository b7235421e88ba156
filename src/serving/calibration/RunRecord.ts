/** One request of a real run, by the clock of its engine; ms from any common origin. */
export interface RunRecord {
  readonly arrivalMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly firstTokenMs: number;
  readonly lastTokenMs: number;
  /** Which replica answered; all records name theirs, or none does. */
  readonly replica?: string;
  /** Tries of the request; 1 if absent. */
  readonly attempts?: number;
}

/** Whether the times tell of one stay at the replica: those of a retried request hold its earlier attempts and backoffs, too. */
export const isScored = (record: RunRecord): boolean => (record.attempts ?? 1) <= 1;

export const ttftMsOf = (record: RunRecord): number => record.firstTokenMs - record.arrivalMs;

export const e2eMsOf = (record: RunRecord): number => record.lastTokenMs - record.arrivalMs;

/** NaN below two output tokens. */
export const tpotMsOf = (record: RunRecord): number =>
  record.outputTokens > 1 ? (record.lastTokenMs - record.firstTokenMs) / (record.outputTokens - 1) : NaN;
