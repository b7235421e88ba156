import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Decision, RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { LimiterSettings, RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { scriptStore } from "./scriptStore.ts";
import type { ScriptStore } from "./scriptStore.ts";

/** Any time; that the script runs at all is seen once, before its laws. */
const TRIED_AT_MS = 1_700_000_000_000;

/** A script, or what it says of itself, makes no sense. */
export class ScriptUnusable extends Error {
  override readonly name = "ScriptUnusable";
}

/** What an argument may be; times are the caller's. `member` differs from call to call. */
const ARGUMENTS = ["rate", "capacity", "limit", "windowMs", "windowSeconds", "seconds", "ms", "cost", "member"] as const;
type Argument = (typeof ARGUMENTS)[number];

/** What an answer may hold, in order; `_` is passed over. */
const ANSWERS = ["admitted", "refused", "waitMs", "waitSeconds", "_"] as const;
type Answer = (typeof ANSWERS)[number];

interface ScriptHead {
  readonly spec: RateLimiterSpec;
  readonly args: ReadonlyArray<Argument>;
  readonly returns: ReadonlyArray<Answer>;
}

/**
 * A Redis script that limits a rate, tried out as it is. It must say in a comment what it is: a bucket (`-- conformance: rate=10 capacity=2`), or a window
 * (`-- conformance: limit=5 windowMs=1000`); which arguments it takes, in order (`args=capacity,rate,ms,cost`, default rate,capacity,seconds,cost); and
 * what it answers (`returns=admitted,waitMs`, the default: 1 or 0, alone or first in a list). KEYS[1] is the key. Runs on ioredis-mock, or with
 * SPILLWAY_LIVE=1 on a Redis of its own. Rejects with ScriptUnusable.
 */
export const luaLimiter = async (path: string): Promise<RefusingAdapter> => {
  const script = await readFile(path, "utf8");
  const head = headOf(script, path);
  const { redis, version, close } = await scriptStore();
  try {
    await redis.eval(script, 1, `spillway:${path}`, ...head.args.map((name) => String(argument(name, head.spec, 1, TRIED_AT_MS, 0))));
  } catch (fault) {
    await close?.();
    throw new ScriptUnusable(`${path} fails ${version}: ${fault instanceof Error ? fault.message : String(fault)}`, { cause: fault });
  }
  return adapter(basename(path), script, head, { redis, version, ...(close === undefined ? {} : { close }) });
};

const adapter = (name: string, script: string, head: ScriptHead, { redis, version, close }: ScriptStore): RefusingAdapter => ({
  family: "limiter",
  behavior: "refuses",
  name,
  version,
  ...(close === undefined ? {} : { close }),
  laboratory: { answering: "io" },
  // Keys of a real server expire in real time, which histories do not wait for.
  features: { slow: true, nodes: 2, costs: head.args.includes("cost"), countsKeys: close === undefined },
  spec: head.spec,
  make: (settings, laboratory, scope) => {
    const { limit, windowMs } = settings;
    if (!(limit > 0 && windowMs > 0 && Number.isFinite(limit) && Number.isFinite(windowMs)))
      throw new RangeError("limit and window are above 0");
    let members = 0;
    return {
      consume: async ({ key, cost }) => {
        const member = ++members;
        const args = head.args.map((one) => String(argument(one, settings, cost, laboratory.nowMs(), member)));
        return decisionOf(await redis.eval(script, 1, `${scope}:${key}`, ...args), head.returns);
      },
      liveKeys: async () => (await redis.keys(`${scope}:*`)).length,
    };
  },
});

const argument = (name: Argument, { limit, windowMs }: LimiterSettings, cost: number, nowMs: number, member: number): number =>
  ({
    rate: (limit * 1000) / windowMs,
    capacity: limit,
    limit,
    windowMs,
    windowSeconds: windowMs / 1000,
    seconds: nowMs / 1000,
    ms: nowMs,
    cost,
    member,
  })[name];

const decisionOf = (answer: unknown, returns: ReadonlyArray<Answer>): Decision => {
  const parts: ReadonlyArray<unknown> = Array.isArray(answer) ? answer : [answer];
  const part = (name: Answer): unknown => parts[returns.indexOf(name)];
  const admitted = returns.includes("refused") ? Number(part("refused")) === 0 : Number(part("admitted")) === 1;
  const [waitMs, waitSeconds] = [part("waitMs"), part("waitSeconds")];
  if (waitMs !== undefined) return { admitted, waitMs: Number(waitMs) };
  return waitSeconds === undefined ? { admitted } : { admitted, waitMs: Number(waitSeconds) * 1000 };
};

const headOf = (script: string, path: string): ScriptHead => {
  const line = /--\s*conformance:(.*)/.exec(script)?.[1];
  if (line === undefined) throw new ScriptUnusable(`${path} does not say what it is: ${HEAD_HINT}`);
  const fields = new Map([...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
  const number = (name: string): number => {
    if (!fields.has(name)) throw new ScriptUnusable(`${path}: its head lacks ${name}=: ${HEAD_HINT}`);
    const value = Number(fields.get(name));
    if (value > 0 && Number.isFinite(value)) return value;
    throw new ScriptUnusable(`${path}: ${name}=${fields.get(name)} in its head must be a number above 0`);
  };
  const words = <W extends string>(name: string, absent: string, known: ReadonlyArray<W>): ReadonlyArray<W> =>
    (fields.get(name) ?? absent).split(",").map((word) => {
      const found = known.find((one) => one === word);
      if (found === undefined) throw new ScriptUnusable(`${path}: ${name}=${word} in its head; there are ${known.join(", ")}`);
      return found;
    });
  const unknown = [...fields.keys()].find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw new ScriptUnusable(`${path}: ${unknown}= in its head; there are ${FIELDS.join(", ")}`);
  return {
    spec: ["limit", "windowMs"].some((name) => fields.has(name))
      ? windowSpec(number("limit"), number("windowMs"))
      : bucketSpec(number("rate"), number("capacity")),
    args: words("args", "rate,capacity,seconds,cost", ARGUMENTS),
    returns: words("returns", "admitted,waitMs", ANSWERS),
  };
};

const HEAD_HINT =
  "write a comment such as `-- conformance: rate=10 capacity=2 args=rate,capacity,seconds,cost returns=admitted,waitMs` for a bucket, " +
  "or with limit=5 windowMs=1000 for a window; args are its ARGV in order, returns its answer";

const FIELDS = ["rate", "capacity", "limit", "windowMs", "args", "returns"];

const bucketSpec = (perSecond: number, capacity: number): RateLimiterSpec => ({
  limit: capacity,
  windowMs: (capacity * 1000) / perSecond,
  bound: { bucket: { capacity, perSecond } },
  fullAfterMs: Math.ceil((capacity * 1000) / perSecond),
  exact: true,
});

const windowSpec = (limit: number, windowMs: number): RateLimiterSpec => ({
  limit,
  windowMs,
  bound: { window: { limit, ms: windowMs } },
  fullAfterMs: windowMs,
});
