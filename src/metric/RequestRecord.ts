import type { Outcome } from "./Result.ts";

/** What became of one request over all its attempts. Times in ms; null where the request did not get that far. */
export interface RequestRecord {
  readonly class: string;
  /** Unique within its class: in the order of arrival, or in a closed loop k * users + user for request k of a user. */
  readonly id: number;
  /** Of simulated time. */
  readonly arrivalMs: number;
  readonly promptTokens: number;
  /** Of the prompt, found in the prefix cache by the last attempt. */
  readonly cachedTokens: number;
  /** That the user got. */
  readonly outputTokens: number;
  /** First try and retries. */
  readonly attempts: number;
  /** Pool and index of the replica of the last attempt, as `gpu/3`; null if none was reached. */
  readonly replica: string | null;
  readonly queueWaitMs: number | null;
  readonly ttftMs: number | null;
  /** null below two output tokens, too. */
  readonly tpotMs: number | null;
  readonly e2eMs: number | null;
  readonly outcome: Outcome;
  /** Answered, and within each bound of its SLO. */
  readonly good: boolean;
}
