import { describe, expect, it } from "vitest";
import { AttemptState } from "../../../../src/serving/Attempts.ts";
import type { SchedulingSpec } from "../../../../src/serving/SchedulingSpec.ts";
import type { EngineSpec } from "../../../../src/serving/ServingSpec.ts";
import type { Job } from "../../../oracle/drive.ts";
import { drive, ENGINE } from "../../../oracle/drive.ts";
import { STEPPED_LAWS } from "../../../oracle/SteppedLaws.ts";

const engine = (scheduling: SchedulingSpec, of: Partial<EngineSpec> = {}): EngineSpec => ({ ...ENGINE, ...of, scheduling });

/** Numbers that look random, the same in each run. */
const noise = (seed: number, i: number): number => {
  const x = Math.sin(seed * 12.9898 + i * 78.233) * 43758.5453;
  return x - Math.floor(x);
};

const randomJobs = (seed: number, count: number, gapMs = 3): Array<Job> => {
  let atMs = 0;
  return Array.from({ length: count }, (_, i) => {
    atMs += -Math.log(1 - noise(seed, i)) * gapMs;
    const canceled = noise(seed + 4, i) < 0.1;
    return {
      atMs,
      prompt: 1 + Math.floor(noise(seed + 1, i) * 200),
      output: 1 + Math.floor(noise(seed + 2, i) * 40),
      classIndex: noise(seed + 3, i) < 0.5 ? 0 : 1,
      stream: noise(seed + 6, i) < 0.3 ? Math.floor(noise(seed + 7, i) * 4) : i,
      ...(canceled ? { cancelMs: atMs + noise(seed + 5, i) * 100 } : {}),
    };
  });
};

const SCHEDULINGS: ReadonlyArray<readonly [string, SchedulingSpec]> = [
  ["V1", {}],
  ["prefill first", { scheduler: "prefillFirst" }],
  ["static", { scheduler: "static" }],
  ["priority", { order: "priority" }],
  ["shortest first", { order: "shortestFirst" }],
  ["whole prompts", { chunkedPrefill: false }],
  ["threshold", { longPrefillThreshold: 32, maxPartialPrefills: 3, maxLongPartialPrefills: 1 }],
  ["swap", { swap: { msPerToken: 0.01, capacityTokens: 600 } }],
  ["swap, prefill first", { scheduler: "prefillFirst", swap: { msPerToken: 0.01, capacityTokens: 600 } }],
  ["speculative", { speculative: { tokens: 3, acceptanceRatio: 0.7, draftMs: 0.1 } }],
  [
    "speculative, priority, swap",
    { order: "priority", swap: { msPerToken: 0.01, capacityTokens: 600 }, speculative: { tokens: 2, acceptanceRatio: 0.5 } },
  ],
  ["pipeline", { pipeline: { stages: 3, transferMs: 0.05 } }],
  [
    "pipeline, speculative, priority",
    { order: "priority", pipeline: { stages: 2, transferMs: 0 }, speculative: { tokens: 2, acceptanceRatio: 0.5 } },
  ],
  ["data parallel", { dataParallel: { ranks: 3 } }],
  ["data parallel, pipeline", { dataParallel: { ranks: 2, balance: "tokens" }, pipeline: { stages: 2, transferMs: 0 } }],
  ["host tier", { offload: { capacityTokens: 5000, msPerToken: 0.02, latencyMs: 0.5 } }],
  ["host tier, prefill first", { scheduler: "prefillFirst", offload: { capacityTokens: 5000, msPerToken: 0.02, latencyMs: 0.5 } }],
  ["host tier, short chunks", { longPrefillThreshold: 16, offload: { capacityTokens: 5000, msPerToken: 0.02, latencyMs: 0.5 } }],
  ["host tier, static", { scheduler: "static", offload: { capacityTokens: 5000, msPerToken: 0.02, latencyMs: 0.5 } }],
];

describe.each(SCHEDULINGS)("%s", (_, scheduling) => {
  it.each([
    { blocks: "plenty of", kvBlocks: 4096, prefixCache: false },
    { blocks: "few", kvBlocks: 20, prefixCache: false },
    { blocks: "few cached", kvBlocks: 24, prefixCache: true },
  ])("law: random jobs, $blocks blocks -> each ends once with its tokens, and every block comes back", ({ kvBlocks, prefixCache }) => {
    for (let seed = 1; seed <= 12; seed++) {
      const of = engine(scheduling, { kvBlocks, prefixCache, maxBatchedTokens: 256, maxSequences: 8 });
      const jobs = randomJobs(seed, 120);
      const { answers, replica, order } = drive(of, jobs);
      expect(replica.blocks.free).toBe(replica.blocks.total);
      expect(replica.runningCount + replica.waitingCount).toBe(0);
      expect(order.length).toBe(answers.filter(({ end }) => end !== "refused").length);
      answers.forEach(({ end, tokens, firstMs, endMs }, i) => {
        if (end === "finished") {
          expect(tokens).toBe(Math.min(jobs[i]!.output, replica.maxTokens - jobs[i]!.prompt));
          expect(firstMs).toBeLessThanOrEqual(endMs);
          expect(firstMs).toBeGreaterThan(jobs[i]!.atMs);
        } else if (end === "released") expect(jobs[i]!.cancelMs).toBeDefined();
        else expect(jobs[i]!.prompt).toBeGreaterThanOrEqual(replica.maxTokens);
      });
    }
  });

  it.each([true, false])(
    "law: any time with blocks in use, whole prompts reserved: %s -> never more than there are",
    (reserveFullPrompt) => {
      const of = engine(scheduling, { kvBlocks: 20, prefixCache: true, reserveFullPrompt, maxBatchedTokens: 256, maxSequences: 8 });
      let least = Infinity;
      drive(of, randomJobs(99, 150), { watch: (replica) => void (least = Math.min(least, replica.blocks.free)) });
      expect(least).toBeGreaterThanOrEqual(0);
    },
  );
});

it.each(STEPPED_LAWS)("law: $title", ({ holds }) => {
  expect(holds()).toBe(true);
});

describe("static batching", () => {
  const of = engine({ scheduler: "static" }, { maxSequences: 3 });

  it("batch: answers of 2, 30 and 7 tokens -> all end with the longest, and nothing is seen before", () => {
    const { answers } = drive(
      of,
      [2, 30, 7].map((output) => ({ atMs: 0, prompt: 10, output })),
    );
    const ends = new Set(answers.map(({ endMs }) => endMs));
    expect(ends.size).toBe(1);
    expect(answers.map(({ firstMs }) => firstMs)).toEqual(answers.map(({ endMs }) => endMs));
    // One step for the prompts, 29 more for the longest answer, three rows in each of them.
    expect(answers[0]!.endMs).toBe(1 + 30 * 2 ** -10 + 29 * (1 + 3 * 2 ** -7));
  });

  it("batch: a request that comes later -> waits for the end of the batch", () => {
    const { answers } = drive(of, [
      { atMs: 0, prompt: 10, output: 20 },
      { atMs: 1.5, prompt: 10, output: 1 },
    ]);
    expect(answers[1]!.admittedMs).toBe(answers[0]!.endMs);
  });

  it("batch: its last unfinished member is canceled -> the others are answered at the next step", () => {
    const { answers } = drive(of, [
      { atMs: 0, prompt: 10, output: 2 },
      { atMs: 0, prompt: 10, output: 1000, cancelMs: 10 },
    ]);
    expect(answers[0]!.end).toBe("finished");
    expect(answers[0]!.endMs).toBe(answers[1]!.endMs);
    expect(answers[0]!.endMs).toBeLessThan(12);
  });
});

describe("prefill first", () => {
  const of = engine({ scheduler: "prefillFirst" });

  it("arrivals during decode -> a step of prompts alone; V1 mixes them", () => {
    const jobs = [
      { atMs: 0, prompt: 16, output: 100 },
      ...Array.from({ length: 5 }, (_, i) => ({ atMs: 10 + 3 * i, prompt: 1024, output: 1 })),
    ];
    const whole = drive(of, jobs).answers[0]!;
    const mixed = drive(engine({}), jobs).answers[0]!;
    // Each prompt costs the decoding one a whole step of its own instead of a longer step.
    expect(whole.endMs - mixed.endMs).toBeCloseTo(5 * 1, 1);
  });

  it("watermark: a prompt that leaves less than 1 % of the blocks -> waits", () => {
    const small = engine({ scheduler: "prefillFirst" }, { kvBlocks: 200 });
    const jobs = [
      { atMs: 0, prompt: 16 * 150, output: 50 },
      { atMs: 5, prompt: 16 * 48, output: 1 },
    ];
    const limited = drive({ ...small, maxBatchedTokens: 100_000 }, jobs).answers;
    const free = drive(
      engine({ scheduler: "prefillFirst", watermarkRatio: 0 }, { kvBlocks: 200, maxBatchedTokens: 100_000 }),
      jobs,
    ).answers;
    expect(limited[1]!.admittedMs).toBe(limited[0]!.endMs);
    expect(free[1]!.admittedMs).toBeLessThan(free[0]!.endMs);
  });
});

describe("orders", () => {
  it("priority: at each admission -> nobody more urgent waits", () => {
    const { answers } = drive(engine({ order: "priority" }, { maxSequences: 2 }), randomJobs(5, 200, 1), { priorities: [5, -5] });
    const jobs = randomJobs(5, 200, 1);
    const served = answers.map((answer, i) => ({ ...answer, ...jobs[i]! })).filter(({ admittedMs }) => !Number.isNaN(admittedMs));
    let overtaken = 0;
    for (const low of served.filter(({ classIndex }) => classIndex === 0)) {
      for (const high of served.filter(({ classIndex }) => classIndex === 1)) {
        const waited = high.atMs < low.admittedMs && high.admittedMs > low.admittedMs;
        expect(waited).toBe(false);
        if (high.atMs > low.atMs && high.admittedMs < low.admittedMs) overtaken++;
      }
    }
    expect(overtaken).toBeGreaterThan(100);
  });

  it("priority: blocks run out -> the least urgent is preempted, though it came first", () => {
    const of = engine({ order: "priority" }, { kvBlocks: 8, maxSequences: 4 });
    const jobs = [
      { atMs: 0, prompt: 40, output: 60, classIndex: 0 },
      { atMs: 2, prompt: 40, output: 60, classIndex: 1 },
    ];
    const ranked = drive(of, jobs, { priorities: [1, 0] });
    const inOrder = drive(engine({}, { kvBlocks: 8, maxSequences: 4 }), jobs);
    expect(ranked.meter.preemptions).toBeGreaterThan(0);
    expect(ranked.order).toEqual([1, 0]);
    expect(inOrder.order).toEqual([0, 1]);
  });

  it("shortest first: prompts of 300, 20 and 100 tokens wait -> served by length of the prompt, not of the answer", () => {
    const of = engine({ order: "shortestFirst" }, { maxSequences: 1 });
    const { order } = drive(of, [
      { atMs: 0, prompt: 10, output: 20 },
      { atMs: 1, prompt: 300, output: 1 },
      { atMs: 2, prompt: 20, output: 500 },
      { atMs: 3, prompt: 100, output: 1 },
    ]);
    expect(order).toEqual([0, 2, 3, 1]);
  });
});

describe("long prompts", () => {
  it("threshold: a long prompt -> at most so many tokens a step, and short ones get through", () => {
    const jobs = [
      { atMs: 0, prompt: 4000, output: 1 },
      { atMs: 0, prompt: 100, output: 1 },
    ];
    const of = { maxBatchedTokens: 512 };
    const without = drive(engine({}, of), jobs).answers;
    const limited = drive(engine({ longPrefillThreshold: 256 }, of), jobs).answers;
    expect(limited[1]!.firstMs).toBeLessThan(2);
    expect(without[1]!.firstMs).toBeGreaterThan(8);
  });

  it("long partial prefills at their limit: further long prompts -> are overtaken by short ones", () => {
    const jobs = [
      { atMs: 0, prompt: 2000, output: 1 },
      { atMs: 0, prompt: 2000, output: 1 },
      { atMs: 0, prompt: 50, output: 1 },
    ];
    const of = engine({ longPrefillThreshold: 100, maxPartialPrefills: 4, maxLongPartialPrefills: 1 });
    const { order, answers } = drive(of, jobs);
    expect(order).toEqual([2, 0, 1]);
    expect(answers[1]!.admittedMs).toBeGreaterThan(answers[0]!.admittedMs + 15);
  });

  it("no chunked prefill: a prompt above what is left of the budget -> waits for the next step as a whole", () => {
    const { answers, meter } = drive(engine({ chunkedPrefill: false }, { maxBatchedTokens: 300 }), [
      { atMs: 0, prompt: 200, output: 1 },
      { atMs: 0, prompt: 200, output: 1 },
    ]);
    expect(meter.steps).toBe(2);
    expect(answers[1]!.admittedMs).toBe(answers[0]!.endMs);
  });
});

describe("swap", () => {
  const jobs = Array.from({ length: 6 }, (_, i) => ({ atMs: i, prompt: 60, output: 80 }));
  const small = { kvBlocks: 20, maxSequences: 8 };

  it("room in host memory -> nothing is computed twice", () => {
    const swapped = drive(engine({ swap: { msPerToken: 0.01, capacityTokens: 10_000 } }, small), jobs);
    const recomputed = drive(engine({}, small), jobs);
    expect(swapped.meter.swaps).toBe(swapped.meter.preemptions);
    expect(swapped.meter.swaps).toBeGreaterThan(0);
    expect(swapped.meter.prefillTokens).toBe(6 * 60);
    expect(recomputed.meter.prefillTokens).toBeGreaterThan(6 * 60);
  });

  it("slower link -> later end; no room -> recompute, as without swap", () => {
    const endOf = (scheduling: SchedulingSpec): number =>
      Math.max(...drive(engine(scheduling, small), jobs).answers.map(({ endMs }) => endMs));
    const fast = endOf({ swap: { msPerToken: 2 ** -10, capacityTokens: 10_000 } });
    expect(endOf({ swap: { msPerToken: 1, capacityTokens: 10_000 } })).toBeGreaterThan(fast + 60);
    expect(endOf({ swap: { msPerToken: 1, capacityTokens: 0 } })).toBe(endOf({}));
  });
});

it("watch: a preempted sequence waits with its tokens, a swapped one with its KV", () => {
  let kept = 0;
  const of = engine({ swap: { msPerToken: 0.01, capacityTokens: 10_000 } }, { kvBlocks: 20, maxSequences: 8 });
  drive(of, randomJobs(3, 60), {
    watch: (replica, attempts) => {
      if (replica.waitingCount === 0) return;
      for (let slot = 0; slot < attempts.capacity; slot++) {
        if (attempts.isLive(slot) && attempts.state.at[slot] === AttemptState.Waiting && attempts.computed.at[slot]! > 0) kept++;
      }
    },
  });
  expect(kept).toBeGreaterThan(0);
});
