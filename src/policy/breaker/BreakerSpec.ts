import type { BreakerSettings } from "./BreakerSettings.ts";

/** A breaker, and from when on a call counts as slow: one that has not ended, or not begun to answer. */
export interface BreakerSpec extends BreakerSettings {
  readonly slowCallMs?: number;
  /** "end" by default. */
  readonly slowBy?: "end" | "firstToken";
}
