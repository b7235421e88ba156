/**
 * What passes beside the engine's steps before a prompt reaches its queue: HTTP, tokenization, the hand-over to the scheduler. A delay of each
 * request by itself, no resource that requests share.
 */
export interface RequestOverhead {
  readonly perRequestMs: number;
  readonly perPromptTokenMs: number;
}

/** The delay of one request, in ms. */
export const overheadMs = ({ perRequestMs, perPromptTokenMs }: RequestOverhead, promptTokens: number): number =>
  perRequestMs + perPromptTokenMs * promptTokens;
