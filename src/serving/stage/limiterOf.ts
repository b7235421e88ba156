import { Gcra } from "../../policy/limiter/Gcra.ts";
import type { RefillSettings } from "../../policy/limiter/Refill.ts";
import type { RateLimiter } from "../../policy/limiter/RateLimiter.ts";
import { TokenBucket } from "../../policy/limiter/TokenBucket.ts";

/** A rate limiter by name, with its settings. */
export type LimiterSpec = { readonly kind: "tokenBucket" | "gcra" } & RefillSettings;

/** The limiter that a specification describes. Throws SettingFault. */
export const limiterOf = (spec: LimiterSpec): RateLimiter<unknown> => {
  switch (spec.kind) {
    case "tokenBucket":
      return new TokenBucket(spec) as RateLimiter<unknown>;
    case "gcra":
      return new Gcra(spec) as RateLimiter<unknown>;
  }
};
