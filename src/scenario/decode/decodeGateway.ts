import type { GatewaySpec, PoolSpec } from "../../serving/ServingSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Gateway } from "../schema/Gateway.ts";
import { decodeBreaker } from "./decodeBreaker.ts";
import { decodeDisaggregation } from "./decodeDisaggregation.ts";
import { decodeConcurrency } from "./decodeConcurrency.ts";
import { decodeBrownout } from "./decodeBrownout.ts";
import { decodeCache } from "./decodeCache.ts";
import { decodeLimits, decodeStore } from "./decodeLimits.ts";
import { decodeRetryBudget } from "./decodeRetryBudget.ts";
import { decodeQueue } from "./decodeQueue.ts";
import { decodeOutliers, decodeRouter, decodeSlowStart } from "./decodeRouter.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

export type GatewayInput = typeof Gateway.Type;

/** Turns what stands in front of the fleet into numbers; `maxSequences` is the largest of the pools', `traffic` the classes that it will meet. */
export const decodeGateway = (
  decoding: Decoding,
  at: At<GatewayInput>,
  around: { readonly maxSequences: number; readonly traffic: ReadonlyArray<TrafficClassSpec>; readonly fleet: ReadonlyArray<PoolSpec> },
): GatewaySpec => {
  const queue = decoding.group(at, "queue", (written) =>
    decodeQueue(decoding, written, new Set(around.traffic.map(({ priority }) => priority)).size),
  );
  const brownout = decoding.group(at, "brownout", (written) =>
    decodeBrownout(decoding, written, {
      hasQueue: at.value.queue !== undefined,
      hasCache: at.value.cache !== undefined,
      fleet: around.fleet,
    }),
  );
  return present({
    brownout,
    ...decoding.field(at, "limits", (limits) => decodeLimits(decoding, limits)),
    cache: decoding.group(at, "cache", (cache) => decodeCache(decoding, cache, around.traffic)),
    store: decoding.group(at, "store", (store) => decodeStore(decoding, store)),
    disaggregation: decoding.group(at, "disaggregation", (written) => decodeDisaggregation(decoding, written, around.fleet)),
    tries: decoding.group(at, "retry", (retry) =>
      present({
        attempts: retry.value.attempts,
        budget: decoding.field(retry, "budget", (budget) => decodeRetryBudget(decoding, budget)),
      }),
    ),
    breaker: decoding.group(at, "breaker", (breaker) => decodeBreaker(decoding, breaker)),
    queue,
    concurrency: decoding.field(at, "concurrency", (written) => decodeConcurrency(decoding, written)),
    maxInFlightPerReplica:
      decoding.field(at, "maxInFlightPerReplica", (written) =>
        decoding.quantity(COUNT, written, { minimum: 1, maximum: UNLIMITED, whole: true }),
      ) ?? (queue === undefined ? UNLIMITED : around.maxSequences),
    responseTimeLimitMs: decoding.field(at, "responseTimeLimit", (written) => decoding.quantity(DURATION, written, { above: 0 })),
    onDisconnect: at.value.onDisconnect ?? DEFAULTS.onDisconnect,
    router: present({
      ...(decoding.field(at, "router", (written) => decodeRouter(decoding, written)) ?? { kind: DEFAULTS.router }),
      slowStart: decoding.group(at, "slowStart", (written) => decodeSlowStart(decoding, written)),
      outlierEjection: decoding.group(at, "outlierEjection", (written) => decodeOutliers(decoding, written)),
    }),
    loadReportMs: decoding.group(at, "loadReports", (reports) =>
      decoding.number(reports, "every", NaN, (written) => decoding.quantity(DURATION, written, { above: 0 })),
    ),
  });
};
