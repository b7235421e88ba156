import type { FixedWindowSettings } from "../../policy/limiter/FixedWindow.ts";
import { FixedWindow } from "../../policy/limiter/FixedWindow.ts";
import { Gcra } from "../../policy/limiter/Gcra.ts";
import type { LeakyMeterSettings } from "../../policy/limiter/LeakyMeter.ts";
import { LeakyMeter } from "../../policy/limiter/LeakyMeter.ts";
import type { RefillSettings } from "../../policy/limiter/Refill.ts";
import type { RateLimiter } from "../../policy/limiter/RateLimiter.ts";
import { SlidingCounter } from "../../policy/limiter/SlidingCounter.ts";
import { SlidingLog } from "../../policy/limiter/SlidingLog.ts";
import { TokenBucket } from "../../policy/limiter/TokenBucket.ts";
import type { WindowSettings } from "../../policy/limiter/WindowSettings.ts";

/** A rate limiter by name, with its settings. */
export type LimiterSpec =
  | ({ readonly kind: "tokenBucket" | "gcra" } & RefillSettings)
  | ({ readonly kind: "fixedWindow" } & FixedWindowSettings)
  | ({ readonly kind: "slidingCounter" | "slidingLog" } & WindowSettings)
  | ({ readonly kind: "leakyMeter" } & LeakyMeterSettings);

/** What the gateway asks of a rate limiter. */
export type AskedLimiter = Pick<RateLimiter<any>, "open" | "take" | "waitMs">;

/** The limiter that a specification describes. Throws SettingFault. */
export const limiterOf = (spec: LimiterSpec): RateLimiter<unknown> => {
  switch (spec.kind) {
    case "tokenBucket":
      return new TokenBucket(spec) as RateLimiter<unknown>;
    case "gcra":
      return new Gcra(spec) as RateLimiter<unknown>;
    case "fixedWindow":
      return new FixedWindow(spec) as RateLimiter<unknown>;
    case "slidingCounter":
      return new SlidingCounter(spec) as RateLimiter<unknown>;
    case "slidingLog":
      return new SlidingLog(spec) as RateLimiter<unknown>;
    case "leakyMeter":
      return new LeakyMeter(spec) as RateLimiter<unknown>;
  }
};
