import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import { importPackage } from "./importPackage.ts";
import { mayStartRedis, startRedis } from "./startRedis.ts";

/** A script says what it is in a comment: `-- conformance: rate=10 capacity=2 args=rate,capacity,seconds,cost`. */
interface ScriptHead {
  readonly perSecond: number;
  readonly capacity: number;
  readonly args: ReadonlyArray<string>;
}

const DEFAULT_ARGS = "rate,capacity,seconds,cost";

/**
 * A token bucket as a Redis script: KEYS[1] is the key, ARGV as its head says (rate per second, capacity, the caller's time in seconds or ms, cost); it returns 1
 * or 0, or a list that begins so and goes on with the time to wait in ms. Runs on ioredis-mock, or with
 * SPILLWAY_LIVE=1 on a Redis of its own.
 */
export const luaLimiter = async (path: string): Promise<RefusingAdapter> => {
  const script = await readFile(path, "utf8");
  const head = headOf(script);
  const { redis, close } = await store();
  return {
    family: "limiter",
    behavior: "refuses",
    name: basename(path),
    version: close === undefined ? "on ioredis-mock" : "on Redis",
    ...(close === undefined ? {} : { close }),
    laboratory: { answering: "io" },
    features: { slow: true, nodes: 2, costs: head.args.includes("cost") },
    spec: {
      limit: head.capacity,
      windowMs: (head.capacity * 1000) / head.perSecond,
      bound: { bucket: { capacity: head.capacity, perSecond: head.perSecond } },
      fullAfterMs: Math.ceil((head.capacity * 1000) / head.perSecond),
      exact: true,
    },
    make: ({ limit, windowMs }, laboratory, scope) => {
      if (!(limit > 0 && windowMs > 0 && Number.isFinite(limit) && Number.isFinite(windowMs)))
        throw new RangeError("capacity and rate are above 0");
      const value = (name: string, cost: number): number => {
        const nowMs = laboratory.nowMs();
        return { rate: (limit * 1000) / windowMs, capacity: limit, seconds: nowMs / 1000, ms: nowMs, cost }[name] ?? Number.NaN;
      };
      return {
        consume: async ({ key, cost }) => {
          const answer: unknown = await redis.eval(script, 1, `${scope}:${key}`, ...head.args.map((name) => String(value(name, cost))));
          const [first, waitMs] = Array.isArray(answer) ? (answer as ReadonlyArray<unknown>) : [answer];
          return { admitted: Number(first) === 1, ...(waitMs === undefined ? {} : { waitMs: Number(waitMs) }) };
        },
      };
    },
  };
};

interface ScriptStore {
  readonly redis: { readonly eval: (script: string, keys: number, ...args: Array<string>) => Promise<unknown> };
  readonly close?: () => Promise<void>;
}

const store = async (): Promise<ScriptStore> => {
  if (mayStartRedis()) return startRedis();
  const { default: Redis } = await importPackage("ioredis-mock", () => import("ioredis-mock"));
  return { redis: new Redis() };
};

const headOf = (script: string): ScriptHead => {
  const line = /--\s*conformance:(.*)/.exec(script)?.[1] ?? "";
  const field = (name: string): string | undefined => new RegExp(`\\b${name}=(\\S+)`).exec(line)?.[1];
  return {
    perSecond: Number(field("rate") ?? 10),
    capacity: Number(field("capacity") ?? 2),
    args: (field("args") ?? DEFAULT_ARGS).split(","),
  };
};
