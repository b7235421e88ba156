import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { importPackage, LibraryMissing } from "./importPackage.ts";
import { mayStartRedis, startRedis } from "./startRedis.ts";

const RATE = { limit: 1, windowMs: 10_000, fullAfterMs: 10_000 };
const WINDOW: RateLimiterSpec = { ...RATE, bound: { window: { limit: 1, ms: 10_000 } }, declaredBound: { edge: { limit: 1, ms: 10_000 } } };

/**
 * The single-region limiters of @upstash/ratelimit on a Redis of our own. The first line of their scripts is left out, for Redis 7.0 does not know
 * its flag. They reckon with the caller's clock.
 */
export const upstashLimiters = async (): Promise<ReadonlyArray<RefusingAdapter>> => {
  if (!mayStartRedis()) throw new LibraryMissing("@upstash/ratelimit is tried out on a real Redis only; set SPILLWAY_LIVE=1");
  const { Ratelimit } = await importPackage("@upstash/ratelimit", () => import("@upstash/ratelimit"));
  const { redis, close } = await startRedis();
  const client = {
    evalsha: () => Promise.reject(new Error("NOSCRIPT")),
    eval: (script: string, keys: ReadonlyArray<string>, args: ReadonlyArray<unknown>) =>
      redis.eval(script.replace(/^#!.*\n/, ""), keys.length, ...keys, ...args.map(String)),
  };
  const adapter = (
    name: string,
    spec: RateLimiterSpec,
    limiter: (limit: number, window: `${number} ms`) => ReturnType<typeof Ratelimit.fixedWindow>,
  ): RefusingAdapter => ({
    family: "limiter",
    behavior: "refuses",
    name,
    version: "@upstash/ratelimit 2.2.0",
    laboratory: { answering: "io" },
    features: { costs: true, nodes: 2, slow: true },
    spec,
    close,
    make: ({ limit, windowMs }, _laboratory, scope) => {
      const ratelimit = new Ratelimit({
        redis: client as never,
        limiter: limiter(limit, `${windowMs} ms`),
        prefix: `conformance:${process.pid}`,
        ephemeralCache: false,
        timeout: 0,
      });
      return { consume: async ({ key, cost }) => ({ admitted: (await ratelimit.limit(`${scope}:${key}`, { rate: cost })).success }) };
    },
  });
  return [
    adapter("upstash-token-bucket", { ...RATE, bound: { bucket: { capacity: 1, perSecond: 0.1 } }, exact: true }, (limit, window) =>
      Ratelimit.tokenBucket(limit, window, limit),
    ),
    adapter("upstash-fixed-window", WINDOW, (limit, window) => Ratelimit.fixedWindow(limit, window)),
    adapter("upstash-sliding-window", { ...WINDOW, fullAfterMs: 20_000 }, (limit, window) => Ratelimit.slidingWindow(limit, window)),
  ];
};
