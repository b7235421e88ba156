import type { ClientThrottleSettings } from "./ClientThrottle.ts";
import type { CodelSettings } from "./Codel.ts";
import type { PriorityLevelSettings } from "./PriorityLevel.ts";
import type { QueueBoundSettings } from "./QueueBound.ts";
import type { StandingTimeoutSettings } from "./StandingTimeout.ts";
import type { SuccessThrottleSettings } from "./SuccessThrottle.ts";
import type { TakeOrder } from "./TakeOrder.ts";

export type DelaySpec = ({ readonly kind: "codel" } & CodelSettings) | ({ readonly kind: "standingTimeout" } & StandingTimeoutSettings);

export type ThrottleSpec =
  | ({ readonly kind: "client" } & ClientThrottleSettings)
  | ({ readonly kind: "success" } & SuccessThrottleSettings);

/** The rules of one waiting queue. */
export interface ShedderSpec extends QueueBoundSettings {
  readonly order: TakeOrder;
  readonly delay?: DelaySpec;
  readonly priority?: PriorityLevelSettings;
  readonly throttle?: ThrottleSpec;
  /** Whether a request is dropped when its turn comes and it could not end before its deadline. */
  readonly deadlines: boolean;
}
