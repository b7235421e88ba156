import type { Result } from "../metric/Result.ts";
import { OUTCOMES } from "../metric/Result.ts";
import { roundedMeasure, roundedTime } from "./Rounded.ts";

/** `summary.json`: the result document in a fixed order of keys, two spaces deep, with a newline at the end. Integers stay exact, other numbers are rounded to six significant digits (points in time to microseconds), so that the last bits of a sum show on no machine. A number that is not finite becomes null. */
export const summaryJson = (result: Result): string => `${JSON.stringify(canonical(result, ""), undefined, 2)}\n`;

const canonical = (value: unknown, key: string): unknown => {
  if (typeof value === "number") return number(value, key);
  if (Array.isArray(value)) return value.map((item) => canonical(item, key));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.toSorted(byPlace).map(([name, field]) => [name, canonical(field, name)]));
};

const TIMES: ReadonlySet<string> = new Set(["horizonMs", "warmupMs", "simulatedMs", "atMs", "startMs", "endMs"]);

const number = (value: number, key: string): number | null => {
  if (!Number.isFinite(value)) return null;
  return TIMES.has(key) ? roundedTime(value) : roundedMeasure(value);
};

/** Keys in the order of the result's declaration; those that it does not know come last, by code unit. */
const byPlace = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number => {
  const difference = (PLACES.get(one) ?? KEYS.length) - (PLACES.get(other) ?? KEYS.length);
  return difference || (one < other ? -1 : one > other ? 1 : 0);
};

/** One list for objects of all kinds: the orders of no two of them contradict each other. */
const KEYS: ReadonlyArray<string> = `
  version scenario name digest description seed replications repeat expression kind pool
  horizonMs warmupMs simulatedMs interrupted startMs endMs engine
  tenant priority slo gpu model replicas gpus atMs count
  classes total gateway pools events requests outcomes ${OUTCOMES.join(" ")} attempts
  offeredPerSecond throughputPerSecond goodputPerSecond failedPerSecond ttftP50Ms ttftP99Ms
  gatewayQueue engineWaiting running ready booting scaleUps scaleDowns from to kvRatio goodput perSecond ratio interval low high
  queue router cut shed limits concurrency breaker brownout store clients rejected refused limit inFlight calls unanswered
  queueFull tokensFull lowPriority throttled delayed pastDeadline timedOut timeRatio shorter smallerModel fromCache canned
  blockedByBreaker blockedByThrottle cache hits stale negative misses coalesced loads evictions utilization waiting batch kv preemptions prefixCache steps phases
  tokens prompt cachedPrompt output wasted prefill decode hitTokens queryTokens hitRatio
  ttftMs tpotMs itlMs e2eMs queueWaitMs min mean p50 p90 p95 p99 p999 max intervals
  meanRatio maxRatio scaling replicaHours costUsd stepSource requestOverhead perRequestMs perPromptTokenMs trace rows skippedRows timeline faults
  cost totalUsd perMillionOutputTokensUsd gates value verdict reason warnings
`
  .trim()
  .split(/\s+/);
const PLACES: ReadonlyMap<string, number> = new Map(KEYS.map((key, place) => [key, place]));
