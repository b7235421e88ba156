import * as Context from "effect/Context";
import * as Layer from "effect/Layer";
import { Breaker } from "../policy/breaker/Breaker.ts";
import type { CircuitBreaker } from "../policy/breaker/CircuitBreaker.ts";
import type { BreakerSettings } from "../policy/breaker/BreakerSettings.ts";
import { evictionOf } from "../policy/caching/EntryStore.ts";
import type { EvictionName } from "../policy/caching/EntryStore.ts";
import type { Eviction } from "../policy/caching/Eviction.ts";
import type { AdaptiveLimit } from "../policy/concurrency/AdaptiveLimit.ts";
import type { RetryBudget } from "../policy/retry/RetryBudget.ts";
import { retryBudgetOf } from "../policy/retry/retryBudgetOf.ts";
import type { RetryBudgetSpec } from "../policy/retry/RetryBudgetSpec.ts";
import type { Autoscaler } from "../policy/scaling/Autoscaler.ts";
import { QueueShedder } from "../policy/shedding/QueueShedder.ts";
import type { Shedder } from "../policy/shedding/Shedder.ts";
import type { ShedderSpec } from "../policy/shedding/ShedderSpec.ts";
import { adaptiveLimitOf } from "./gateway/adaptiveLimitOf.ts";
import type { AdaptiveLimitSpec } from "./gateway/adaptiveLimitOf.ts";
import type { AutoscaleSpec } from "./scaling/AutoscaleSpec.ts";
import { autoscalerOf } from "./scaling/autoscalerOf.ts";
import { limiterOf } from "./stage/limiterOf.ts";
import type { AskedLimiter, LimiterSpec } from "./stage/limiterOf.ts";

/** Makes the policies that the components of a world decide by, from what the scenario says of them. Each call makes one with fresh state. */
export interface PolicyFactories {
  /** Rate limits of the gateway. */
  readonly limiter: (spec: LimiterSpec) => AskedLimiter;
  /** Of a client, and in front of each replica. */
  readonly breaker: (spec: BreakerSettings) => CircuitBreaker;
  /** Of a client, and of the gateway's own tries. */
  readonly retryBudget: (spec: RetryBudgetSpec) => RetryBudget;
  /** Of the gateway's queue. */
  readonly shedder: (spec: ShedderSpec) => Shedder;
  /** Of the gateway's limit in flight, where that is adaptive. */
  readonly adaptiveLimit: (spec: AdaptiveLimitSpec) => AdaptiveLimit;
  /** Of the response cache; keys are numbers. */
  readonly eviction: (name: EvictionName, entries: number) => Eviction<number>;
  /** Of a pool. */
  readonly autoscaler: (spec: AutoscaleSpec) => Autoscaler;
}

const SHIPPED: PolicyFactories = {
  limiter: limiterOf,
  breaker: (spec) => new Breaker(spec),
  retryBudget: retryBudgetOf,
  shedder: (spec) => new QueueShedder(spec),
  adaptiveLimit: adaptiveLimitOf,
  eviction: evictionOf,
  autoscaler: autoscalerOf,
};

/** The policies of a world: Spillway's own unless a scenario file brings a Layer. Routers have a service of their own. */
export const Policies = Context.Reference<PolicyFactories>("spillway/Policies", { defaultValue: () => SHIPPED });

/**
 * A Layer with policies of your own in place of Spillway's. Each gets what the scenario says, and Spillway's own factory, for what it leaves alone.
 *
 * @example
 * scenario({ ... }, { components: { policies: ownPolicies({ limiter: (spec, shipped) => (spec.kind === "gcra" ? new Mine(spec) : shipped(spec)) }) } });
 */
export const ownPolicies = (own: OwnPolicies): Layer.Layer<never> =>
  Layer.succeed(Policies, {
    ...SHIPPED,
    ...Object.fromEntries(
      Object.entries(own).map(([name, make]) => [
        name,
        (...spec: ReadonlyArray<unknown>): unknown =>
          (make as (...args: ReadonlyArray<unknown>) => unknown)(...spec, SHIPPED[name as keyof PolicyFactories]),
      ]),
    ),
  });

/** Factories that also get the one that they replace. */
export type OwnPolicies = {
  readonly [K in keyof PolicyFactories]?: (
    ...args: [...Parameters<PolicyFactories[K]>, shipped: PolicyFactories[K]]
  ) => ReturnType<PolicyFactories[K]>;
};
