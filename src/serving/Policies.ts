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
import { SettingFault } from "../policy/SettingFault.ts";
import { QueueShedder } from "../policy/shedding/QueueShedder.ts";
import type { Shedder } from "../policy/shedding/Shedder.ts";
import type { ShedderSpec } from "../policy/shedding/ShedderSpec.ts";
import { adaptiveLimitOf } from "./gateway/adaptiveLimitOf.ts";
import { nearestName } from "./catalog/Names.ts";
import type { PolicyName } from "./checkedPolicy.ts";
import { checkedPolicy, POLICY_NAMES, unusable } from "./checkedPolicy.ts";
import type { AdaptiveLimitSpec } from "./gateway/adaptiveLimitOf.ts";
import { PolicyUnusable } from "./PolicyUnusable.ts";
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
 * Throws PolicyUnusable for an unknown name and for what is no function; the run fails with it where a policy lacks a method or answers no number.
 *
 * @example
 * scenario({ ... }, { components: { policies: ownPolicies({ limiter: (spec, shipped) => (spec.kind === "gcra" ? new Mine(spec) : shipped(spec)) }) } });
 */
export const ownPolicies = (own: OwnPolicies): Layer.Layer<never> => {
  if (typeof own !== "object" || own === null)
    throw new PolicyUnusable({ message: `ownPolicies: must be given an object (${String(own)})` });
  const factories = Object.entries(own).filter(([, make]) => make !== undefined);
  return Layer.succeed(Policies, { ...SHIPPED, ...Object.fromEntries(factories.map(([name, make]) => [name, ownFactory(name, make)])) });
};

type Factory = (...args: ReadonlyArray<unknown>) => unknown;

/** The factory of a file behind a watch over what it makes; what Spillway's own makes for it needs none. */
const ownFactory = (name: string, make: unknown): Factory => {
  if (!isPolicyName(name)) {
    const near = nearestName(name, POLICY_NAMES);
    throw new PolicyUnusable({
      message: `ownPolicies: there is no ${name}, did you mean ${near}? There are ${POLICY_NAMES.join(", ")}`,
    });
  }
  if (typeof make !== "function") throw unusable(name, `must be a function (${String(make)})`);
  const shipped = new WeakSet<object>();
  const ship: Factory = (...spec) => {
    const made = (SHIPPED[name] as (...args: ReadonlyArray<any>) => object)(...spec);
    shipped.add(made);
    return made;
  };
  return (...spec) => {
    const made = madeBy(name, () => (make as Factory)(...spec, ship));
    return typeof made === "object" && made !== null && shipped.has(made) ? made : checkedPolicy(name, made);
  };
};

const isPolicyName = (name: string): name is PolicyName => POLICY_NAMES.includes(name as PolicyName);

const madeBy = (name: PolicyName, make: () => unknown): unknown => {
  try {
    return make();
  } catch (cause) {
    // Of a policy of ours: it names the setting itself.
    if (cause instanceof SettingFault) throw cause;
    throw unusable(name, `the factory threw: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
};

/** Factories that also get the one that they replace. */
export type OwnPolicies = {
  readonly [K in keyof PolicyFactories]?: (
    ...args: [...Parameters<PolicyFactories[K]>, shipped: PolicyFactories[K]]
  ) => ReturnType<PolicyFactories[K]>;
};
