import type { Redis } from "ioredis";
import RedisMock from "ioredis-mock";
import { mayStartRedis, startRedis } from "../../src/testing/adapters/startRedis.ts";
import type { OwnRedis } from "../../src/testing/adapters/startRedis.ts";

/** Where the scripts run: a name for the tests, whether they are skipped, and how many histories each gets. */
export interface Store {
  readonly name: string;
  readonly skipped: boolean;
  readonly runs: number;
  readonly open: () => Promise<OwnRedis>;
}

/** ioredis-mock always, a redis-server of our own with SPILLWAY_LIVE=1. */
export const STORES: ReadonlyArray<Store> = [
  {
    name: "ioredis-mock",
    skipped: false,
    runs: 10,
    open: async () => {
      const redis = new RedisMock() as unknown as Redis;
      return { redis, close: async () => redis.disconnect() };
    },
  },
  { name: "redis-server (needs SPILLWAY_LIVE=1)", skipped: !mayStartRedis(), runs: 1000, open: startRedis },
];
