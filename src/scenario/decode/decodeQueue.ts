import type { ClientThrottleSettings } from "../../policy/shedding/ClientThrottle.ts";
import type { DelaySpec, ShedderSpec, ThrottleSpec } from "../../policy/shedding/ShedderSpec.ts";
import type { TakeOrder } from "../../policy/shedding/TakeOrder.ts";
import type { FairSpec } from "../../serving/gateway/Lanes.ts";
import type { GatewayQueueSpec } from "../../serving/ServingSpec.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { ClientThrottle, Queue } from "../schema/Queue.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type QueueInput = typeof Queue.Type;
type PriorityInput = NonNullable<QueueInput["priority"]>;

/** Windows of throttles are looked back on in so many steps. Assumed: fine enough that the end of one matters little. */
const BUCKETS = 40;

/** Turns the gateway's queue into numbers; `businessLevels` is the number of different priorities of the traffic. */
export const decodeQueue = (decoding: Decoding, at: At<QueueInput>, businessLevels: number): GatewayQueueSpec =>
  present({
    timeoutMs: decoding.field(at, "timeout", (timeout) => decoding.quantity(DURATION, timeout, { above: 0 })),
    rules: decodeRules(decoding, at, businessLevels),
    fair: decoding.field(at, "order", ({ value }) => decodeFair(value)),
  });

const decodeRules = (decoding: Decoding, at: At<QueueInput>, businessLevels: number): ShedderSpec =>
  present({
    requests: decoding.number(at, "capacity", NaN, (capacity) =>
      decoding.quantity(COUNT, capacity, { minimum: 0, maximum: UNLIMITED, whole: true }),
    ),
    tokens: decoding.number(at, "tokens", Infinity, (tokens) => decoding.quantity(TOKENS, tokens, { minimum: 1, whole: true })),
    order: decoding.field(at, "order", (order) => decodeOrder(decoding, order)) ?? { kind: "fifo" },
    delay: decoding.field(at, "delay", (delay) => decodeDelay(decoding, delay)),
    priority: decoding.group(at, "priority", (priority) => decodePriority(decoding, priority, businessLevels)),
    throttle: decoding.field(at, "throttle", (throttle) => decodeThrottle(decoding, throttle)),
    deadlines: at.value.deadlines ?? false,
  });

const decodeOrder = (decoding: Decoding, { value, path }: At<NonNullable<QueueInput["order"]>>): TakeOrder => {
  if (typeof value === "string") return { kind: value };
  if ("fair" in value) return { kind: "fifo" };
  const standing = { value: value.adaptiveLifo.standing, path: [...path, "adaptiveLifo", "standing"] };
  return { kind: "adaptiveLifo", standingMs: decoding.quantity(DURATION, standing) };
};

const decodeFair = (order: NonNullable<QueueInput["order"]>): FairSpec | undefined =>
  typeof order === "object" && "fair" in order ? { ...DEFAULTS.fair, ...order.fair } : undefined;

const decodeDelay = (decoding: Decoding, { value, path }: At<NonNullable<QueueInput["delay"]>>): DelaySpec => {
  const kind = value.codel === undefined ? "standingTimeout" : "codel";
  const settings = { value: (value.codel ?? value.standingTimeout)!, path: [...path, kind] };
  const wait = (key: "target" | "interval") =>
    decoding.quantity(DURATION, { value: settings.value[key], path: [...settings.path, key] }, { above: 0 });
  const targetMs = wait("target");
  const intervalMs = wait("interval");
  if (targetMs > intervalMs) {
    decoding.reject({ path: [...settings.path, "target"], constraint: "must be at most interval", value: settings.value.target });
  }
  return { kind, targetMs, intervalMs };
};

const decodePriority = (decoding: Decoding, at: At<PriorityInput>, businessLevels: number): NonNullable<ShedderSpec["priority"]> => {
  const { priorityLevels: absent } = DEFAULTS;
  const ratio = (key: "cut" | "grow") =>
    decoding.number(at, key, absent[key], (written) => decoding.quantity(SHARE, written, { above: 0 }));
  return {
    queueWaitMs: durationOf(decoding, at, "queueWait", absent.queueWait),
    windowMs: durationOf(decoding, at, "window", absent.window, { above: 0 }),
    windowRequests: decoding.number(at, "windowRequests", absent.windowRequests, (written) =>
      decoding.quantity(COUNT, written, { minimum: 1, maximum: 2 ** 30, whole: true }),
    ),
    cutRatio: ratio("cut"),
    growRatio: ratio("grow"),
    businessLevels,
    userLevels: at.value.userLevels ?? absent.userLevels,
  };
};

/** The throttle of a client, or of a queue. */
export const decodeClientThrottle = (decoding: Decoding, at: At<typeof ClientThrottle.Type>): ClientThrottleSettings => ({
  multiplier: at.value.multiplier ?? DEFAULTS.clientThrottle.multiplier,
  windowMs: durationOf(decoding, at, "window", DEFAULTS.clientThrottle.window, { above: 0 }),
  buckets: BUCKETS,
});

const decodeThrottle = (decoding: Decoding, { value, path }: At<NonNullable<QueueInput["throttle"]>>): ThrottleSpec => {
  if (value.client !== undefined) {
    return { kind: "client", ...decodeClientThrottle(decoding, { value: value.client, path: [...path, "client"] }) };
  }
  const at = { value: value.success!, path: [...path, "success"] };
  const { successThrottle } = DEFAULTS;
  return {
    kind: "success",
    threshold: decoding.number(at, "threshold", successThrottle.threshold, (written) => decoding.quantity(SHARE, written, { above: 0 })),
    aggression: value.success!.aggression ?? successThrottle.aggression,
    windowMs: durationOf(decoding, at, "window", successThrottle.window, { above: 0 }),
    buckets: BUCKETS,
    minimumPerSecond: decoding.number(at, "minimumRate", 0, (written) => decoding.quantity(RATE, written)),
    maxRejectionRatio: decoding.number(at, "maxRejection", successThrottle.maxRejection, (written) => decoding.quantity(SHARE, written)),
  };
};
