/**
 * Names for the content of KV blocks. A block's key stands for its tokens and all tokens before it (a chained hash), so equal keys mean
 * equal prefixes. Keys are positive integers below 2^53, kept in doubles; 0 means "no key".
 */

/** 53 well-mixed bits out of a 53-bit name and a 32-bit position. Never 0. */
export const mixKey = (name: number, position: number): number => {
  let low = (name >>> 0) ^ Math.imul(position | 0, 0x9e3779b1);
  let high = (Math.floor(name / 0x1_0000_0000) >>> 0) ^ Math.imul((position | 0) + 0x7f4a7c15, 0x85ebca77);
  low = Math.imul(low ^ (low >>> 16), 0x21f0aaad);
  high = Math.imul(high ^ (high >>> 15) ^ low, 0x735a2d97);
  low = Math.imul(low ^ (low >>> 15) ^ high, 0x735a2d97);
  high = Math.imul(high ^ (high >>> 13) ^ (low >>> 7), 0xc2b2ae35);
  low ^= low >>> 16;
  high ^= high >>> 16;
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0) + 1;
};

/** What the tokens of one request are, as far as the prefix cache can tell. Three sources, from the beginning of the prompt on. */
export interface TokenContent {
  /** Names a shared system prompt; its first `prefixTokens` tokens are common to all requests with this key. */
  readonly prefixKey: number;
  readonly prefixTokens: number;
  /** Block keys of a recorded trace: one per `traceBlockTokens` tokens, each naming the whole prefix up to its end. */
  readonly traceKeys: Float64Array | undefined;
  readonly traceBlockTokens: number;
  readonly promptTokens: number;
  /** Names everything else: the request, or the conversation whose context only grows. */
  readonly streamKey: number;
}

/** Key of block `index` of `blockTokens` tokens. */
export const blockKey = (content: TokenContent, index: number, blockTokens: number): number => {
  const end = (index + 1) * blockTokens;
  if (end <= content.prefixTokens) return mixKey(content.prefixKey, index);
  const keys = content.traceKeys;
  if (keys !== undefined && end <= content.promptTokens) {
    const last = Math.floor((end - 1) / content.traceBlockTokens);
    if (last < keys.length) return mixKey(keys[last]!, index);
  }
  return mixKey(content.streamKey, index);
};

/** Stands for content where nothing asks for it: without a prefix cache. */
export const NO_CONTENT: TokenContent = {
  prefixKey: 0,
  prefixTokens: 0,
  traceKeys: undefined,
  traceBlockTokens: 1,
  promptTokens: 0,
  streamKey: 0,
};
