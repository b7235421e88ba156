export type { BreakerSnapshot } from "./Breaker.ts";
export { Breaker, Phase } from "./Breaker.ts";
export type { BreakerSettings, RateRule, TripRule } from "./BreakerSettings.ts";
export type { CircuitBreaker } from "./CircuitBreaker.ts";
export { Outcome, outcomeOf } from "./Outcome.ts";
export type { SampleDump, SampleGroup } from "./SampleWindow.ts";
