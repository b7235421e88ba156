import type { LeakyQueueSettings } from "../../policy/limiter/LeakyQueue.ts";
import type { SharedPer } from "./sharedByKey.ts";

/** A leaky bucket as a queue: attempts leave it one by one, at even gaps. */
export interface ShapeSpec extends LeakyQueueSettings {
  /** Who shares a queue. */
  readonly per: SharedPer;
}
