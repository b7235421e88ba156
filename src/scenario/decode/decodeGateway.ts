import type { GatewaySpec, RouterSpec } from "../../serving/ServingSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { Gateway } from "../schema/Gateway.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

export type GatewayInput = typeof Gateway.Type;

/** Turns what stands in front of the fleet into numbers; `maxSequences` is the largest of the pools'. */
export const decodeGateway = (decoding: Decoding, at: At<GatewayInput>, maxSequences: number): GatewaySpec => {
  const queue = decoding.group(at, "queue", (written) => decodeQueue(decoding, written));
  return present({
    queue,
    maxInFlightPerReplica:
      decoding.field(at, "maxInFlightPerReplica", (written) =>
        decoding.quantity(COUNT, written, { minimum: 1, maximum: UNLIMITED, whole: true }),
      ) ?? (queue === undefined ? UNLIMITED : maxSequences),
    responseTimeLimitMs: decoding.field(at, "responseTimeLimit", (written) => decoding.quantity(DURATION, written, { above: 0 })),
    onDisconnect: at.value.onDisconnect ?? DEFAULTS.onDisconnect,
    router: decoding.field(at, "router", decodeRouter) ?? { kind: DEFAULTS.router },
  });
};

const decodeQueue = (decoding: Decoding, at: At<NonNullable<GatewayInput["queue"]>>): NonNullable<GatewaySpec["queue"]> =>
  present({
    capacity: decoding.number(at, "capacity", NaN, (capacity) =>
      decoding.quantity(COUNT, capacity, { minimum: 0, maximum: UNLIMITED, whole: true }),
    ),
    timeoutMs: decoding.field(at, "timeout", (timeout) => decoding.quantity(DURATION, timeout, { above: 0 })),
  });

const decodeRouter = ({ value }: At<NonNullable<GatewayInput["router"]>>): RouterSpec => {
  if (typeof value !== "string")
    return {
      kind: "prefixAffinity",
      loadFactor: value.prefixAffinity.loadFactor ?? DEFAULTS.loadFactor,
    };
  return value === "prefixAffinity" ? { kind: value, loadFactor: DEFAULTS.loadFactor } : { kind: value };
};
