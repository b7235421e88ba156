import { Phase } from "../../src/kernel/Phase.ts";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { StepTime } from "../../src/serving/engine/StepTime.ts";
import { mixKey } from "../../src/serving/engine/TokenContent.ts";
import type { EngineSpec, StepCoefficients } from "../../src/serving/ServingSpec.ts";
import type { EngineInput, EngineRequest } from "./NaiveEngine.ts";

/** A random engine with random inputs: from idle to deep overload, tight memory, shared prefixes, cancellations, faults. */
export interface EngineCase {
  readonly spec: EngineSpec;
  readonly grid: TimeGrid;
  readonly stepTimeOf: (factor: number) => StepTime;
  readonly requests: ReadonlyArray<EngineRequest>;
  readonly inputs: ReadonlyArray<EngineInput>;
}

export interface CaseOptions {
  readonly seed: number;
  readonly requests: number;
  /** Times on multiples of 2^-4 ms and coefficients that are powers of two: events meet step boundaries exactly. */
  readonly coarse: boolean;
}

const mulberry = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

export const randomEngine = (options: CaseOptions): EngineCase => {
  const draw = mulberry(options.seed * 7919 + 17);
  const int = (low: number, high: number): number => low + Math.floor(draw() * (high - low + 1));
  const pick = <T>(of: ReadonlyArray<T>): T => of[int(0, of.length - 1)]!;
  const grid = TimeGrid.forHorizon(3_600_000);
  const spec = randomSpec({ draw, int, pick, coarse: options.coarse });
  const requests = randomRequests({ draw, int, pick, count: options.requests, spec });
  const meanGapMs = pick([0.5, 2, 8, 30, 120, 600]);
  const unitMs = options.coarse ? 2 ** -4 : grid.spacingMs;
  const round = (ms: number): number => Math.round(ms / unitMs) * unitMs;
  const inputs: Array<EngineInput> = [];
  const cancelRatio = pick([0, 0, 0.05, 0.4]);
  let atMs = 0;
  for (let request = 0; request < requests.length; request++) {
    if (draw() > 0.02) atMs = round(atMs - Math.log(1 - draw()) * meanGapMs);
    inputs.push({ atMs, kind: "arrive", request });
    if (draw() < cancelRatio) inputs.push({ atMs: round(atMs + draw() * 40 * meanGapMs), kind: "cancel", request });
  }
  if (draw() < 0.3) inputs.push({ atMs: round(draw() * atMs), kind: "slow", request: -1, factor: options.coarse ? 2 : 1 + draw() * 3 });
  if (draw() < 0.2) {
    const downMs = round(draw() * atMs);
    inputs.push({ atMs: downMs, kind: "fail", request: -1 }, { atMs: round(downMs + meanGapMs * 3), kind: "recover", request: -1 });
  }
  // Back to the nominal speed, and caches lost: draws of their own, so that what is drawn above stays.
  if (draw() < 0.2) inputs.push({ atMs: round(draw() * atMs), kind: "slow", request: -1, factor: 1 });
  for (let wipes = pick([0, 0, 0, 1, 4]); wipes > 0; wipes--) inputs.push({ atMs: round(draw() * atMs), kind: "wipe", request: -1 });
  const phase = {
    arrive: Phase.Arrival,
    cancel: Phase.Timeout,
    slow: Phase.Fault,
    fail: Phase.Fault,
    recover: Phase.Fault,
    wipe: Phase.Fault,
  };
  const sorted = inputs
    .map((input, i) => ({ input, i }))
    .toSorted((x, y) => x.input.atMs - y.input.atMs || phase[x.input.kind] - phase[y.input.kind] || x.i - y.i)
    .map((entry) => entry.input);
  return { spec, grid, stepTimeOf: (factor) => new StepTime(spec.step, grid, factor, spec.host), requests, inputs: sorted };
};

interface Dice {
  readonly draw: () => number;
  readonly int: (low: number, high: number) => number;
  readonly pick: <T>(of: ReadonlyArray<T>) => T;
}

const randomSpec = ({ draw, int, pick, coarse }: Dice & { readonly coarse: boolean }): EngineSpec => {
  const maxSequences = pick([1, 2, 5, 16, 64, 256]);
  const blockTokens = pick([1, 4, 16, 16]);
  const tight = draw() < 0.5;
  const affine = coarse
    ? {
        a: pick([0.25, 0.5, 1]),
        b: pick([0, 2 ** -5]),
        c: pick([0, 2 ** -10]),
        d: pick([0, 2 ** -8]),
        e: pick([0, 2 ** -11]),
        h: pick([0, 2 ** -10]),
      }
    : { a: 1 + draw() * 8, b: draw() * 0.05, c: draw() * 1e-4, d: draw() * 0.05, e: draw() * 1e-5, h: pick([0, 1e-4 * draw()]) };
  const step = { ...affine, ...randomMaximum({ draw, int, pick, coarse }) };
  return {
    maxBatchedTokens: Math.max(maxSequences, pick([8, 64, 300, 2048])),
    maxSequences,
    maxModelTokens: pick([60, 400, 1_000_000]),
    blockTokens,
    kvBlocks: tight ? int(8, 80) : int(300, 3000),
    prefixCache: draw() < 0.6,
    reserveFullPrompt: draw() < 0.5,
    maxWaiting: 1_000_000,
    step,
    ...randomHost({ draw, pick }, coarse),
  };
};

/** No host model, or one that is now slower and now faster than the GPU. */
const randomHost = ({ draw, pick }: Pick<Dice, "draw" | "pick">, coarse: boolean): Pick<EngineSpec, "host"> => {
  const mode = pick(["none", "none", "serial", "overlapped", "overlapped"] as const);
  if (mode === "none") return {};
  if (coarse) return { host: { perStepMs: pick([0, 0.25, 1, 2]), perSequenceMs: pick([0, 2 ** -4, 2 ** -6]), mode } };
  return { host: { perStepMs: draw() * 10, perSequenceMs: draw() * 0.1, mode } };
};

/** In half of the cases the terms of the maximum form, in half of these with routed experts. */
const randomMaximum = ({ draw, pick, coarse }: Dice & { readonly coarse: boolean }): Partial<StepCoefficients> => {
  if (draw() < 0.5) return {};
  const maximum = coarse ? { floorMs: pick([0, 0.25, 1]), rowMs: pick([0, 2 ** -6]) } : { floorMs: draw() * 6, rowMs: draw() * 0.04 };
  if (draw() < 0.5) return maximum;
  const experts = pick([
    { count: 8, active: 2 },
    { count: 256, active: 8 },
  ]);
  return { ...maximum, experts: { ...experts, msPerExpert: coarse ? 2 ** -5 : draw() * 0.02 } };
};

const randomRequests = ({
  draw,
  int,
  pick,
  count,
  spec,
}: Dice & { readonly count: number; readonly spec: EngineSpec }): Array<EngineRequest> => {
  const capacity = spec.kvBlocks * spec.blockTokens;
  const longest = Math.min(pick([20, 120, 900]), Math.max(2, Math.floor(capacity * 0.7)));
  const longestOutput = pick([3, 40, 300]);
  const traceBlock = pick([0, 0, 8, 32]);
  return Array.from({ length: count }, (_, i) => {
    const promptTokens = int(1, longest);
    const prefix = draw() < 0.5;
    const traceKeys = traceBlock > 0 ? chain(Math.ceil(promptTokens / traceBlock), draw) : undefined;
    return {
      outputTokens: draw() < 0.1 ? 1 : int(1, longestOutput),
      content: {
        promptTokens,
        prefixKey: prefix ? 1 + int(0, 2) : 0,
        prefixTokens: prefix ? Math.min(promptTokens, int(1, 64)) : 0,
        traceKeys,
        traceBlockTokens: Math.max(1, traceBlock),
        // Now and then the same conversation again, with more or less of its context.
        streamKey: 1000 + (draw() < 0.2 ? int(0, 5) : i + 10),
      },
    };
  });
};

/** Block names of a recorded prompt: each names the whole prefix, few distinct ones so that prefixes are shared. */
const chain = (blocks: number, draw: () => number): Float64Array => {
  const keys = new Float64Array(blocks);
  let name = 5;
  for (let i = 0; i < blocks; i++) keys[i] = name = mixKey(name, Math.floor(draw() * 3));
  return keys;
};
