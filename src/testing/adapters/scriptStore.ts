import type { Laboratory } from "../Laboratory.ts";
import { importPackage } from "./importPackage.ts";
import { mayStartRedis, startRedis } from "./startRedis.ts";

/** A Redis that runs scripts. */
export interface ScriptStore {
  readonly redis: {
    readonly eval: (script: string, keys: number, ...args: ReadonlyArray<string>) => Promise<unknown>;
    readonly flushall: () => Promise<unknown>;
    readonly keys: (pattern: string) => Promise<ReadonlyArray<string>>;
  };
  /** What it is, for reports. */
  readonly version: string;
  readonly close?: () => Promise<void>;
}

/** ioredis-mock, or with SPILLWAY_LIVE=1 a Redis of our own. */
export const scriptStore = async (): Promise<ScriptStore> => {
  if (mayStartRedis()) {
    const { redis, close } = await startRedis();
    return { redis: redis as unknown as ScriptStore["redis"], version: "on Redis", close };
  }
  mock ??= importPackage("ioredis-mock", () => import("ioredis-mock")).then(
    ({ default: Redis }) => new Redis() as unknown as ScriptStore["redis"],
  );
  return { redis: await mock, version: "on ioredis-mock" };
};

/** One for all: its instances share their data anyway. */
let mock: Promise<ScriptStore["redis"]> | undefined;

/** A client whose commands take the laboratory's way, and meet its faults. */
export const through = (laboratory: Laboratory, redis: ScriptStore["redis"]) => ({
  eval: (script: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown> =>
    laboratory.store.send(() => redis.eval(script, keys, ...args)),
});

/** The same where a component leaves the time to the store: virtual time stands in for the store's clock, the second argument of each script. */
export const onVirtualTime = (laboratory: Laboratory, redis: ScriptStore["redis"]) => {
  const client = through(laboratory, redis);
  return {
    eval: (script: string, keys: number, ...args: ReadonlyArray<string>): Promise<unknown> =>
      client.eval(script, keys, ...args.with(keys + 1, String(Math.round(laboratory.storeNowMs * 1000)))),
  };
};
