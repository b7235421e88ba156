/** What is known of a request when it arrives; filled by ArrivalSource.next(), reused and mutable. */
export interface RequestDraft {
  /** With the shared prefix, 1..2^30. */
  promptTokens: number;
  outputTokens: number;
  /** Number of the shared prefix from 0, and -1 with 0 tokens where there is none. */
  prefixId: number;
  prefixTokens: number;
  /** Number of the repeated content from 0, the most popular first; -1 where the request is like no other. */
  contentId: number;
  /** Ids of the prompt's blocks, one per blockTokens tokens, the last block maybe partial; a fresh array per request. Equal leading ids are an equal prefix. */
  blockHashes: Float64Array | undefined;
  /** 0 without block hashes. */
  blockTokens: number;
  /** Turns of the session that starts here, 1 without sessions. */
  turns: number;
}

/** The arrivals of one traffic class in order of time. */
export interface ArrivalSource {
  /** The draft that next() fills. */
  readonly draft: RequestDraft;
  /** Fills the draft for the next arrival and returns its time in ms; Infinity when there are no more; NaN when a trace must be refilled first. */
  next(): number;
}

/** A draft for the shortest possible request. */
export const emptyDraft = (): RequestDraft => ({
  promptTokens: 1,
  outputTokens: 1,
  prefixId: -1,
  prefixTokens: 0,
  contentId: -1,
  blockHashes: undefined,
  blockTokens: 0,
  turns: 1,
});
