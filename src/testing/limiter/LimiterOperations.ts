import fc from "fast-check";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { LimiterTrial } from "./LimiterTrial.ts";
import type { LimiterFeatures } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";

type LimiterOperation = Operation<LimiterTrial>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Costs that mean nothing, or too much. */
export const ODD_COSTS: ReadonlyArray<number> = [
  -1,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.5,
  2 ** 53,
  -5,
];

export const consumeOperation = (features: LimiterFeatures, spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc.tuple(fc.nat({ max: (features.nodes ?? 1) - 1 }), features.costs ? costs(spec.limit) : fc.constant(1)).map(([node, cost]) => ({
    text: callText("call", cost, node, features),
    run: async (trial) => void (await trial.consume({ node, cost })),
  }));

export const burstOperation = (spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc
    .constantFrom(2, Math.max(2, spec.limit), spec.limit + 1, 2 * spec.limit)
    .map((count) => ({ text: `${count} calls at once`, run: async (trial) => void (await trial.consume({}, count)) }));

export const oddCostOperation = (): fc.Arbitrary<LimiterOperation> =>
  fc.constantFrom(...ODD_COSTS).map((cost) => ({
    text: `call, cost ${Object.is(cost, -0) ? "-0" : cost}`,
    run: async (trial) => void (await trial.consume({ cost })),
  }));

/** Lengths around the time of one permit and of the window come often. */
export const tickOperation = (spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> => {
  const permitMs = spec.windowMs / spec.limit;
  const edges = [permitMs, permitMs / 2, 1.5 * permitMs, spec.windowMs].flatMap((ms) => [
    Math.round(ms),
    Math.round(ms) - 1,
    Math.round(ms) + 1,
  ]);
  return fc
    .oneof(fc.constantFrom(...edges.filter((ms) => ms > 0)), fc.integer({ min: 1, max: 2 * spec.windowMs }))
    .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial) => trial.laboratory.advance(ms) }));
};

export const stepOperation = (features: LimiterFeatures, spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc
    .tuple(
      fc.constantFrom(-2 * spec.windowMs, spec.windowMs, -spec.windowMs, HOUR_MS, -HOUR_MS, -1, 1, 60_000),
      fc.nat({ max: (features.nodes ?? 1) - 1 }),
    )
    .map(([ms, node]) => stepping(ms, node, features));

const stepping = (ms: number, node: number, features: LimiterFeatures): LimiterOperation => ({
  text: `step clock${(features.nodes ?? 1) > 1 ? ` of node ${node}` : ""} ${ms > 0 ? "+" : "-"}${spanText(Math.abs(ms))}`,
  run: (trial) => trial.laboratory.stepClock(node, ms),
});

/** One node's wall clock runs fast or slow from now on. */
export const driftOperation = (features: LimiterFeatures, spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc.tuple(fc.constantFrom(200, -200, 50_000, -50_000), fc.nat({ max: (features.nodes ?? 1) - 1 })).map(([ppm, node]) => ({
    text: `drift of the clock of node ${node} ${ppm} ppm`,
    run: (trial) => trial.laboratory.drift(node, ppm),
    // A step does at once what a drift does over time.
    alternatives: [stepping(Math.sign(ppm) * spec.windowMs, node, features)],
  }));

/** A call whose reading of the clock was overtaken by others. */
export const lateReadingOperation = (spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc
    .tuple(fc.constantFrom(1, Math.ceil(spec.windowMs / spec.limit), spec.windowMs, 10 * spec.windowMs), fc.constantFrom(1, spec.limit))
    .map(([lagMs, count]) => ({
      text: `${count === 1 ? "call" : `${count} calls`} with a reading ${spanText(lagMs)} old`,
      run: async (trial) => {
        trial.laboratory.lagMs = lagMs;
        try {
          await trial.consume({}, count);
        } finally {
          trial.laboratory.lagMs = 0;
        }
      },
    }));

/** After the gap, decisions are compared with those of a limiter that was never used. */
export const idleOperation = (spec: RateLimiterSpec): fc.Arbitrary<LimiterOperation> =>
  fc.constantFrom(2 * spec.fullAfterMs, DAY_MS, 30 * DAY_MS, 3650 * DAY_MS).map((ms) => ({
    text: `idle ${spanText(ms)}`,
    run: async (trial) => {
      await trial.laboratory.advance(ms);
      trial.twin = await trial.fresh();
    },
  }));

/** A refusal is taken at its word: not admitted a moment before the hint, admitted at it. The history ends there. */
export const honorHintOperation = (features: LimiterFeatures): fc.Arbitrary<LimiterOperation> =>
  fc.nat({ max: (features.nodes ?? 1) - 1 }).map((node) => ({
    text: `call${(features.nodes ?? 1) > 1 ? ` at node ${node}` : ""}, wait as told, call`,
    possible: (trial) => !trial.over,
    run: async (trial) => {
      const [first] = await trial.consume({ node });
      if (first === undefined || first.admitted) return;
      trial.over = true;
      trial.expect(
        first.waitMs !== undefined && first.waitMs >= 0 && Number.isFinite(first.waitMs),
        `a refusal tells a finite time to wait; it told ${first.waitMs}`,
      );
      await trial.laboratory.advance(Math.ceil(first.waitMs ?? 0));
      const [second] = await trial.consume({ node });
      trial.expect(
        second?.admitted === true,
        `told to wait ${first.waitMs} ms, the same call is admitted after ${Math.ceil(first.waitMs ?? 0)} ms`,
      );
    },
  }));

/** As above, a millisecond too early. */
export const hurryHintOperation = (): fc.Arbitrary<LimiterOperation> =>
  fc.constant<LimiterOperation>({
    text: "call, come 1 ms early",
    possible: (trial) => !trial.over,
    run: async (trial) => {
      const [first] = await trial.consume({});
      if (first === undefined || first.admitted || first.waitMs === undefined || first.waitMs < 2) return;
      trial.over = true;
      await trial.laboratory.advance(Math.floor(first.waitMs) - 1);
      const [second] = await trial.consume({});
      trial.expect(
        second?.admitted === false,
        `told to wait ${first.waitMs} ms, the same call is not admitted after ${Math.floor(first.waitMs) - 1} ms`,
      );
    },
  });

/** Arrivals at so many times the rate, for so long that the share admitted tells the rate: even ones, and at random where what passes can be told of any. */
export const trainOperation = (spec: RateLimiterSpec, calls: number, useRatio = 0.99): fc.Arbitrary<LimiterOperation> => {
  const pattern = fc.constantFrom<"evenly" | "at random">("evenly", ...(spec.exact === true ? (["at random"] as const) : []));
  return fc.tuple(fc.constantFrom(1, 1.1, 1.5, 2, 10), pattern, fc.nat({ max: 1000 })).map(([times, arriving, seed]) => {
    const gapMs = spec.windowMs / spec.limit / times;
    const gaps = arriving === "evenly" ? () => gapMs : exponentialGaps(gapMs, seed);
    return {
      text: `${calls} calls ${arriving} at ${times} x the rate`,
      run: async (trial) => {
        const startMs = trial.nowMs;
        const instantsMs: Array<number> = [];
        let admitted = 0;
        let dueMs = 0;
        for (let sent = 0; sent < calls; sent++) {
          instantsMs.push(trial.nowMs - startMs);
          const [decision] = await trial.ask(trial.limiter, { key: "train", cost: 1, node: 0, id: "" });
          if (decision?.admitted === true) admitted++;
          dueMs += gaps();
          await trial.laboratory.advance(Math.max(0, Math.round(dueMs) - (trial.nowMs - startMs)));
        }
        const ideal = spec.exact ? bucketAdmits(spec, instantsMs) : windowsAdmit(spec, gapMs, calls);
        trial.laboratory.note(`${admitted} admitted`);
        trial.expect(
          admitted >= Math.floor(useRatio * ideal) - 1,
          `under saturation the permits are used: ${ideal} of these calls can pass; ${admitted} did`,
        );
      },
    };
  });
};

/** Gaps of Poisson arrivals, always the same for a seed. */
const exponentialGaps = (meanMs: number, seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return -meanMs * Math.log((state + 1) / (2 ** 32 + 1));
  };
};

const LOADS = [0.9, 1, 1.1, 2];

/** Even arrivals at rising load, each on a limiter of its own; more load never means fewer admitted per second. */
export const risingLoadOperation = (spec: RateLimiterSpec, calls: number): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.constantFrom(1, 7, 13).map((offsetMs) => ({
    text: `${calls} calls evenly at ${LOADS.join(", ")} x the rate, after ${offsetMs} ms`,
    run: async (trial) => {
      await trial.laboratory.advance(offsetMs);
      const shares: Array<number> = [];
      for (const times of LOADS) shares.push(await admittedShare(trial, spec, { calls, times }));
      trial.laboratory.note(`admitted, as a share of the rate: ${shares.map((share) => share.toFixed(2)).join(", ")}`);
      let highest = 0;
      for (const [index, share] of shares.entries()) {
        trial.expect(
          // What is left of the first burst, and one call more or less.
          share >= highest - 0.01 - spec.limit / (0.8 * calls),
          `more load never means fewer admitted; at ${LOADS[index]} x the rate it falls from ${highest.toFixed(2)} to ${share.toFixed(2)}`,
        );
        highest = Math.max(highest, share);
      }
    },
  }));

/** Admitted per second after the first burst, as a share of the rate. */
const admittedShare = async (
  trial: LimiterTrial,
  spec: RateLimiterSpec,
  load: { readonly calls: number; readonly times: number },
): Promise<number> => {
  const gapMs = spec.windowMs / spec.limit / load.times;
  const limiter = await trial.fresh();
  const startMs = trial.nowMs;
  let admitted = 0;
  for (let sent = 0; sent < load.calls; sent++) {
    const [decision] = await trial.ask(limiter, { key: "load", cost: 1, node: 0, id: "" });
    if (decision?.admitted === true && sent >= load.calls / 5) admitted++;
    await trial.laboratory.advance(Math.max(0, Math.round((sent + 1) * gapMs) - (trial.nowMs - startMs)));
  }
  limiter.dispose?.();
  return (admitted * load.times) / (load.calls * 0.8);
};

/** The limit changes while the limiter is in use. */
export const reconfigureOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.constantFrom(1, 2, spec.limit, 2 * spec.limit).map((limit) => ({
    text: `the limit becomes ${limit}`,
    run: (trial) => trial.reconfigure(limit),
  }));

/** What a continuous bucket lets through. */
const bucketAdmits = (spec: RateLimiterSpec, instantsMs: ReadonlyArray<number>): number => {
  let level = spec.limit;
  let lastMs = 0;
  let admitted = 0;
  for (const atMs of instantsMs) {
    level = Math.min(spec.limit, level + ((atMs - lastMs) * spec.limit) / spec.windowMs);
    lastMs = atMs;
    if (level < 1 - 1e-9) continue;
    level--;
    admitted++;
  }
  return admitted;
};

/** What windows let through that begin with the first call after the last one's end. */
const windowsAdmit = (spec: RateLimiterSpec, gapMs: number, calls: number): number => {
  const perWindow = Math.ceil(spec.windowMs / gapMs - 1e-9);
  return Math.floor(calls / perWindow) * Math.min(spec.limit, perWindow);
};

/** Calls, bursts and time. */
export const usualOperations = (features: LimiterFeatures, spec: RateLimiterSpec): ReadonlyArray<WeightedOperation<LimiterTrial>> => [
  weighted(4, consumeOperation(features, spec)),
  weighted(2, burstOperation(spec)),
  weighted(4, tickOperation(spec)),
];

const costs = (limit: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: Math.max(1, limit) }) });

const callText = (word: string, cost: number, node: number, features: LimiterFeatures): string =>
  `${word}${cost === 1 ? "" : `, cost ${cost}`}${(features.nodes ?? 1) > 1 ? ` at node ${node}` : ""}`;
