import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import type { FleetService } from "./Fleet.ts";
import { Fleet } from "./Fleet.ts";
import type { GatewayService } from "./Gateway.ts";
import { Gateway } from "./Gateway.ts";
import type { PolicyFactories } from "./Policies.ts";
import { Policies } from "./Policies.ts";
import type { GatewaySpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";
import type { Door } from "./stage/Door.ts";
import { CacheStage } from "./stage/CacheStage.ts";
import { BrownoutStage } from "./stage/BrownoutStage.ts";
import { RateLimitStage } from "./stage/RateLimitStage.ts";
import { RetryStage } from "./stage/RetryStage.ts";
import { ShapeStage } from "./stage/ShapeStage.ts";
import { TokenReservations } from "./stage/TokenReservations.ts";
import { Store } from "./store/Store.ts";

/** What attempts meet before the gateway's queue: rate limits, the store that keeps them, the response cache, cheaper answers under load. Only what is asked for is there. */
export interface EntranceService {
  readonly door: Door;
  readonly store: Store | undefined;
  readonly rateLimits: RateLimitStage | undefined;
  readonly shapes?: ReadonlyArray<ShapeStage>;
  readonly cache: CacheStage | undefined;
  readonly brownout: BrownoutStage | undefined;
  /** Forgets what was counted so far: the warm-up is over. */
  startMeasuring(): void;
}

export class Entrance extends Context.Service<Entrance, EntranceService>()("spillway/Entrance") {
  static readonly layer = (
    spec: GatewaySpec,
    classes: ReadonlyArray<TrafficClassSpec>,
  ): Layer.Layer<Entrance, never, Simulation | Fleet | Gateway> =>
    Layer.effect(
      Entrance,
      Effect.gen(function* () {
        return buildEntrance(spec, classes, yield* Simulation, yield* Fleet, yield* Gateway, yield* Policies);
      }),
    );
}

const buildEntrance = (
  spec: GatewaySpec,
  classes: ReadonlyArray<TrafficClassSpec>,
  simulation: typeof Simulation.Service,
  fleet: FleetService,
  gateway: GatewayService,
  policies: PolicyFactories,
): EntranceService => {
  const store = spec.store === undefined ? undefined : new Store(spec.store, simulation);
  const limits = spec.limits?.map((limit) => ({ ...limit, limiter: policies.limiter(limit.limiter) })) ?? [];
  const hasTwins = spec.cache !== undefined || (spec.tries?.attempts ?? 1) > 1;
  const generated = (attempt: number): number => fleet.replicas[simulation.attempts.replica.at[attempt]!]!.generated(attempt);
  const reservations =
    spec.tokenBudgets === undefined
      ? undefined
      : new TokenReservations(spec.tokenBudgets, classes, simulation, hasTwins ? undefined : generated);
  const isCached = (attempt: number): boolean => holds(cache, simulation.attempts.contentKey.at[attempt]!);
  const brownout = spec.brownout === undefined ? undefined : new BrownoutStage({ spec: spec.brownout, simulation, gateway, isCached });
  const cheaper: Door = brownout ?? gateway;
  // Each of the gateway's own tries may be answered more cheaply than the one before.
  const retries = spec.tries !== undefined && spec.tries.attempts > 1 ? spec.tries : undefined;
  const behind = retries === undefined ? cheaper : new RetryStage(retries, policies.retryBudget, simulation, cheaper);
  const cache: CacheStage | undefined =
    spec.cache === undefined ? undefined : new CacheStage(spec.cache, policies.eviction, classes, simulation, behind);
  const shapes: Array<ShapeStage> = [];
  for (const shape of spec.shapes?.toReversed() ?? [])
    shapes.unshift(new ShapeStage(shape, classes, simulation, shapes[0] ?? cache ?? behind));
  const shaped = shapes[0] ?? cache ?? behind;
  const limited = limits.length > 0 || reservations !== undefined;
  const rateLimits = limited ? new RateLimitStage(limits, classes, simulation, store, shaped, reservations) : undefined;
  return {
    door: rateLimits ?? shaped,
    store,
    rateLimits,
    shapes,
    cache,
    brownout,
    startMeasuring: () => {
      cache?.startMeasuring();
      brownout?.startMeasuring();
      store?.startMeasuring();
      if (rateLimits !== undefined) rateLimits.rejected = 0;
      for (const shape of shapes) shape.rejected = 0;
    },
  };
};

/** Whether the cache has an answer, fresh or not. */
const holds = (cache: CacheStage | undefined, key: number): boolean => {
  const slot = cache === undefined || key === 0 ? -1 : cache.cache.entries.find(key);
  return slot >= 0 && cache!.cache.entries.negative[slot] === 0;
};
