import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import { importPackage } from "./importPackage.ts";

/** rate-limiter-flexible's memory limiter: a window that begins with the first call of a key. */
export const flexibleLimiter = async (): Promise<RefusingAdapter> => {
  const { RateLimiterMemory } = await importPackage("rate-limiter-flexible", () => import("rate-limiter-flexible"));
  return {
    family: "limiter",
    behavior: "refuses",
    name: "rate-limiter-flexible",
    version: "rate-limiter-flexible 11.4.0",
    laboratory: { answering: "turn" },
    features: { costs: true, hints: true },
    spec: {
      limit: 1,
      windowMs: 60_000,
      bound: { window: { limit: 1, ms: 60_000 } },
      declaredBound: { edge: { limit: 1, ms: 60_000 } },
      fullAfterMs: 60_000,
    },
    declared: {
      "L-6 settings": "a duration of 0 means that points never come back",
      "L-20": "points of refused calls count",
    },
    make: (settings) => {
      const limiter = new RateLimiterMemory({ points: settings.limit, duration: settings.windowMs / 1000 });
      return {
        consume: ({ key, cost }) =>
          limiter.consume(key, cost).then(
            () => ({ admitted: true }),
            (reason: unknown) => {
              if (reason instanceof Error) throw reason;
              return { admitted: false, waitMs: (reason as { readonly msBeforeNext: number }).msBeforeNext };
            },
          ),
      };
    },
  };
};
