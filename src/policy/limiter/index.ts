export type { GcraState } from "./Gcra.ts";
export { Gcra } from "./Gcra.ts";
export type { RateLimiter } from "./RateLimiter.ts";
export type { RefillSettings } from "./Refill.ts";
export type { TokenBucketState } from "./TokenBucket.ts";
export { TokenBucket } from "./TokenBucket.ts";
