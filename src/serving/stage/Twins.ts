import type { Attempts } from "../Attempts.ts";
import { copyContent } from "../copyContent.ts";

/** A further attempt of the same content, for a stage that sends its own attempts on behalf of the one it got. */
export const twinOf = (attempts: Attempts, original: number): number => {
  const twin = attempts.open(attempts.request.at[original]!, attempts.classIndex.at[original]!);
  attempts.copy.at[twin] = attempts.copy.at[original]!;
  attempts.deadlineMs.at[twin] = attempts.deadlineMs.at[original]!;
  copyContent(attempts, original, attempts, twin);
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
