import type { BulkheadAdapter, WaitingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { importPackage } from "./importPackage.ts";

/** p-queue with an interval cap, loose and strict. */
export const pQueueLimiters = async (): Promise<ReadonlyArray<WaitingAdapter>> => {
  const { default: PQueue } = await importPackage("p-queue", () => import("p-queue"));
  const adapter = (name: string, strict: boolean, spec: RateLimiterSpec): WaitingAdapter => ({
    family: "limiter",
    behavior: "waits",
    name,
    version: "p-queue 10.0.0",
    laboratory: { answering: "turn" },
    features: { aborting: true },
    spec,
    make: ({ limit, windowMs }) => {
      const queue = new PQueue({ intervalCap: limit, interval: windowMs, strict });
      return { submit: (job, { signal }) => queue.add(job, { signal }), dispose: () => queue.clear() };
    },
  });
  const spec: RateLimiterSpec = { limit: 2, windowMs: 1000, bound: { window: { limit: 2, ms: 1000 } }, fullAfterMs: 1000 };
  return [adapter("p-queue", false, { ...spec, declaredBound: { edge: { limit: 2, ms: 1000 } } }), adapter("p-queue-strict", true, spec)];
};

/** bottleneck with a minimum gap between starts. */
export const bottleneckLimiter = async (): Promise<WaitingAdapter> => {
  const { default: Bottleneck } = await importPackage("bottleneck", () => import("bottleneck"));
  return {
    family: "limiter",
    behavior: "waits",
    name: "bottleneck",
    version: "bottleneck 2.19.5",
    laboratory: { answering: "turn", turns: 3 },
    features: {},
    spec: { limit: 1, windowMs: 1000, bound: { window: { limit: 1, ms: 1000 } }, fullAfterMs: 1000 },
    make: ({ limit, windowMs }) => {
      const bottleneck = new Bottleneck({ minTime: windowMs / limit });
      return { submit: (job) => bottleneck.schedule(job), dispose: () => void bottleneck.disconnect(false) };
    },
  };
};

/** cockatiel's bulkhead: one slot, one place in the queue. */
export const cockatielBulkhead = async (): Promise<BulkheadAdapter> => {
  const { bulkhead } = await importPackage("cockatiel", () => import("cockatiel"));
  return {
    family: "limiter",
    behavior: "bulkhead",
    slots: 1,
    name: "cockatiel-bulkhead",
    version: "cockatiel 4.0.0",
    laboratory: { answering: "turn" },
    features: { aborting: true },
    spec: { limit: 1, windowMs: 1000, bound: { window: { limit: 1, ms: 1000 } }, fullAfterMs: 1000 },
    make: ({ limit }) => {
      const policy = bulkhead(limit, 1);
      return { submit: (job, { signal }) => policy.execute(job, signal) };
    },
  };
};
