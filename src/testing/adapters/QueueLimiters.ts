import { LeakyQueue } from "../../policy/limiter/LeakyQueue.ts";
import type { BulkheadAdapter, WaitingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { importPackage } from "./importPackage.ts";

/** Spillway's leaky bucket as a queue: one start at a time, at even gaps, and at most four that wait. */
export const spillwayLeakyQueue = (): WaitingAdapter => ({
  family: "limiter",
  behavior: "waits",
  name: "spillway-leaky-queue",
  laboratory: { answering: "turn" },
  features: { aborting: true },
  spec: { limit: 2, windowMs: 1000, bound: { bucket: { capacity: 1, perSecond: 2 } }, fullAfterMs: 1000, maxWaiting: 4 },
  make: ({ limit, windowMs }, laboratory) => {
    const queue = new LeakyQueue({ permits: limit, perMs: windowMs, length: 4 });
    const starts = new Map<number, () => void>();
    const release = (): void => {
      for (let ticket = queue.release(laboratory.elapsedMs); ticket >= 0; ticket = queue.release(laboratory.elapsedMs)) {
        starts.get(ticket)?.();
        starts.delete(ticket);
      }
      if (queue.waiting > 0) laboratory.time.after(Math.ceil(queue.releaseInMs(laboratory.elapsedMs)), release);
    };
    return {
      submit: (job, { signal }) =>
        new Promise((resolve, reject) => {
          const ticket = queue.join();
          if (ticket < 0) return reject(new Error("the queue is full"));
          starts.set(ticket, () => resolve(job()));
          signal.addEventListener("abort", () => {
            if (!queue.leave(ticket)) return;
            starts.delete(ticket);
            reject(new Error("aborted"));
          });
          release();
        }),
    };
  },
});

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
