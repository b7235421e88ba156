import { expect, test } from "vitest";
import { Histogram } from "../../../../src/kernel/Histogram.ts";
import { Phase } from "../../../../src/kernel/Phase.ts";
import { SteppedReplica } from "../../../../src/serving/engine/stepped/SteppedReplica.ts";
import { Replica } from "../../../../src/serving/engine/Replica.ts";
import { compareEngines } from "../../../oracle/differences.ts";
import { runLeap } from "../../../oracle/leapEngine.ts";
import type { EngineCase } from "../../../oracle/randomEngine.ts";
import { randomEngine } from "../../../oracle/randomEngine.ts";

const rounds = process.env["SPILLWAY_LONG"] === undefined ? 1 : 10;

const fuzz = (count: number, coarse: boolean, from: number): { steps: number; preemptions: number } => {
  const seen = { steps: 0, preemptions: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const one = compareEngines(seed, coarse, SteppedReplica);
    expect(one.difference, `first difference at seed ${seed}`).toBeUndefined();
    seen.steps += one.steps;
    seen.preemptions += one.preemptions;
  }
  return seen;
};

test("stepped engine: 1,200 random engines on a fine grid -> the oracle's times, bit for bit", () => {
  expect(fuzz(1200 * rounds, false, 300_001).preemptions).toBeGreaterThan(500);
});

test("stepped engine: 800 random engines whose events meet step boundaries -> the oracle's times, bit for bit", () => {
  expect(fuzz(800 * rounds, true, 400_001).preemptions).toBeGreaterThan(500);
});

test.each(["at the end", "on the way"])("stepped engine: random engines, looked at %s -> the leap's meter", (when) => {
  for (let seed = 1; seed <= 100; seed++) {
    const engine = randomEngine({ seed, coarse: seed % 2 === 0, requests: 40 });
    const middleMs = engine.inputs[engine.inputs.length >> 1]!.atMs + 1 / 3;
    const lookMs = when === "at the end" ? undefined : engine.grid.round(middleMs);
    const [leapt, stepped] = [Replica, SteppedReplica].map((Engine) => measured(engine, Engine, lookMs));
    for (const key of Object.keys(leapt!)) expect(stepped![key], `${key} at seed ${seed}`).toBeCloseTo(leapt![key]!, 5);
  }
});

test("stepped engine: random engines, looked at whenever they report something -> the leap's tokens, blocks and generated tokens", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const engine = randomEngine({ seed, coarse: false, requests: 40 });
    const [leapt, stepped] = [Replica, SteppedReplica].map((Engine) => lookedAt(engine, Engine));
    expect(stepped, `seed ${seed}`).toEqual(leapt);
  }
});

/** What a listener finds that asks at once. */
const lookedAt = (of: EngineCase, Engine: typeof Replica | typeof SteppedReplica): ReadonlyArray<ReadonlyArray<number>> => {
  const seen: Array<ReadonlyArray<number>> = [];
  const Watched = function (options: ConstructorParameters<typeof Replica>[0]) {
    const { listener, kernel } = options;
    const inside = new Set<number>();
    const look = (slot: number): void => {
      replica.syncMeter();
      const { decodeTokens, prefillTokens, steps, maxBlocks } = replica.meter;
      seen.push([kernel.now, slot, decodeTokens, prefillTokens, steps, maxBlocks, ...[...inside].map((other) => replica.generated(other))]);
    };
    const watching = {
      firstToken: (slot: number): void => {
        look(slot);
        inside.add(slot);
        listener.firstToken(slot);
      },
      finished: (slot: number): void => {
        inside.delete(slot);
        look(slot);
        listener.finished(slot);
      },
      released: (slot: number, tokens: number): void => {
        inside.delete(slot);
        look(slot);
        listener.released(slot, tokens);
      },
      failed: (slot: number, tokens: number): void => {
        inside.delete(slot);
        listener.failed(slot, tokens);
      },
    };
    const replica = new Engine({ ...options, listener: watching });
    return replica;
  } as unknown as typeof Replica;
  runLeap(of.spec, of.grid, of.requests, of.inputs, Watched);
  return seen;
};

const measured = (of: EngineCase, Engine: typeof Replica | typeof SteppedReplica, lookMs?: number): { [key: string]: number } => {
  const gaps = [new Histogram()];
  const seen: Array<Replica | SteppedReplica> = [];
  let early: { [key: string]: number } | undefined;
  const Measured = function (options: ConstructorParameters<typeof Replica>[0]) {
    const replica = new Engine(options);
    replica.startMeasuring(gaps);
    seen.push(replica);
    const { kernel } = options;
    const look = (): void => {
      replica.syncMeter();
      early = figures(replica, gaps);
    };
    if (lookMs !== undefined) kernel.post(lookMs, kernel.join({ wake: look }), 0, 0, Phase.Control);
    return replica;
  } as unknown as typeof Replica;
  runLeap(of.spec, of.grid, of.requests, of.inputs, Measured);
  return early ?? figures(seen[0]!, gaps);
};

const figures = ({ meter }: Replica | SteppedReplica, gaps: ReadonlyArray<Histogram>): { [key: string]: number } => {
  const { busyMs, steps, batchTime, maxBatch, kvTokenTime, maxBlocks, waitingTime, maxWaiting, preemptions, prefillTokens, decodeTokens } =
    meter;
  return {
    busyMs,
    steps,
    batchTime,
    maxBatch,
    kvTokenTime,
    maxBlocks,
    waitingTime,
    maxWaiting,
    preemptions,
    prefillTokens,
    decodeTokens,
    hitTokens: meter.hitTokens,
    queryTokens: meter.queryTokens,
    hostMs: meter.hostMs,
    gpuIdleMs: meter.gpuIdleMs,
    gaps: gaps[0]!.count,
    gapSum: gaps[0]!.sum,
    gapMedian: gaps[0]!.quantile(0.5) ?? -1,
  };
};
