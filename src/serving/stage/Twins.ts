import type { Attempts } from "../Attempts.ts";

/** A further attempt of the same content, for a stage that sends its own attempts on behalf of the one it got. */
export const twinOf = (attempts: Attempts, original: number): number => {
  const twin = attempts.pool.take();
  attempts.request.at[twin] = attempts.request.at[original]!;
  attempts.deadlineMs.at[twin] = attempts.deadlineMs.at[original]!;
  attempts.retryAfterMs.at[twin] = NaN;
  attempts.copy.at[twin] = attempts.copy.at[original]!;
  attempts.replica.at[twin] = -1;
  attempts.classIndex.at[twin] = attempts.classIndex.at[original]!;
  attempts.promptTokens.at[twin] = attempts.promptTokens.at[original]!;
  attempts.outputTokens.at[twin] = attempts.outputTokens.at[original]!;
  attempts.contentKey.at[twin] = attempts.contentKey.at[original]!;
  attempts.prefixKey.at[twin] = attempts.prefixKey.at[original]!;
  attempts.prefixTokens.at[twin] = attempts.prefixTokens.at[original]!;
  attempts.streamKey.at[twin] = attempts.streamKey.at[original]!;
  attempts.traceBlockTokens.at[twin] = attempts.traceBlockTokens.at[original]!;
  attempts.traceKeys[twin] = attempts.traceKeys[original];
  return twin;
};

/** Copies what became of the twin, with all times as they were at the far end. */
export const copyResult = (attempts: Attempts, twin: number, original: number): void => {
  attempts.retryAfterMs.at[original] = attempts.retryAfterMs.at[twin]!;
  attempts.total.at[original] = attempts.total.at[twin]!;
  attempts.cachedTokens.at[original] = attempts.cachedTokens.at[twin]!;
  attempts.replica.at[original] = attempts.replica.at[twin]!;
  attempts.arrivalMs.at[original] = attempts.arrivalMs.at[twin]!;
  attempts.admittedMs.at[original] = attempts.admittedMs.at[twin]!;
  attempts.firstTokenMs.at[original] = attempts.firstTokenMs.at[twin]!;
};
