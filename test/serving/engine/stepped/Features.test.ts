import { describe, expect, it } from "vitest";
import { TimeGrid } from "../../../../src/kernel/TimeGrid.ts";
import { Histogram } from "../../../../src/kernel/Histogram.ts";
import type { SchedulingSpec } from "../../../../src/serving/SchedulingSpec.ts";
import type { EngineSpec } from "../../../../src/serving/ServingSpec.ts";
import { drive, ENGINE } from "../../../oracle/drive.ts";

const engine = (scheduling: SchedulingSpec, of: Partial<EngineSpec> = {}): EngineSpec => ({ ...ENGINE, ...of, scheduling });

const many = (count: number, output: number, prompt = 32) => Array.from({ length: count }, () => ({ atMs: 0, prompt, output }));

describe("speculative decoding", () => {
  it.each([
    { tokens: 1, acceptanceRatio: 0.6 },
    { tokens: 3, acceptanceRatio: 0.7 },
    { tokens: 5, acceptanceRatio: 0.9 },
  ])("$tokens drafted, $acceptanceRatio accepted -> (1 - q^(k+1)) / (1 - q) tokens per step, within 1 %", ({ tokens, acceptanceRatio }) => {
    const { answers } = drive(
      engine({ speculative: { tokens, acceptanceRatio } }, { step: { a: 1, b: 0, c: 0, d: 0, e: 0, h: 0 } }),
      many(12, 4000),
    );
    const steps = answers.reduce((sum, { firstMs, endMs }) => sum + endMs - firstMs, 0);
    const expected = (1 - acceptanceRatio ** (tokens + 1)) / (1 - acceptanceRatio);
    expect(((12 * 3999) / steps / expected) * 100).toBeCloseTo(100, -0.3);
  });

  it("acceptance 0 and 1 -> one token and k + 1 tokens per step, of which all are verified", () => {
    for (const [acceptanceRatio, steps] of [
      [0, 30],
      [1, 10],
    ] as const) {
      const { meter } = drive(engine({ speculative: { tokens: 2, acceptanceRatio } }), many(1, 31));
      expect(meter.steps).toBe(1 + steps);
      expect(meter.draftedTokens).toBe(2 * steps);
      expect(meter.acceptedTokens).toBe(2 * steps * acceptanceRatio);
    }
  });

  it("step time -> rows for all verified tokens, KV once, plus the draft", () => {
    const step = { a: 1, b: 2 ** -4, c: 2 ** -10, d: 0, e: 0, h: 0 };
    const { answers } = drive(
      engine({ speculative: { tokens: 3, acceptanceRatio: 1, draftMs: 0.125, draftRatio: 0.25 } }, { step }),
      many(1, 5),
    );
    const verifyMs = 1 + 4 * 2 ** -4 + 32 * 2 ** -10;
    expect(answers[0]!.endMs - answers[0]!.firstMs).toBe(verifyMs + 3 * (0.125 + 0.25 * verifyMs));
  });

  it("step time, tokens of a prompt dearer than sequences -> drafted tokens cost as much as those, and a large batch loses", () => {
    // a, b, d of Llama-3.1-8B on an H100, whose compute limit a linear form in sequences does not know.
    const step = { a: 6.08666, b: 0.00835196, c: 0, d: 0.0117797, e: 0, h: 0 };
    const tokensPerMs = (sequences: number, scheduling: SchedulingSpec): number => {
      const of = engine(scheduling, { step, maxSequences: 256, maxBatchedTokens: 8192 });
      const { answers } = drive(of, many(sequences, 200, 1));
      return sequences / (Math.max(...answers.map(({ endMs }) => endMs)) / 200);
    };
    const speculative = { tokens: 7, acceptanceRatio: 0.5 };
    expect(tokensPerMs(2, { speculative })).toBeGreaterThan(1.8 * tokensPerMs(2, {}));
    expect(tokensPerMs(256, { speculative })).toBeLessThan(0.6 * tokensPerMs(256, {}));
    const { answers } = drive(engine({ speculative: { tokens: 7, acceptanceRatio: 1 } }, { step }), many(1, 9, 1));
    expect(answers[0]!.endMs - answers[0]!.firstMs).toBeCloseTo(6.08666 + 0.00835196 + 7 * 0.0117797, 4);
  });

  it("draws -> belong to the request: other requests change nothing", () => {
    const of = engine({ speculative: { tokens: 3, acceptanceRatio: 0.6 } }, { step: { a: 1, b: 0, c: 0, d: 0, e: 0, h: 0 } });
    const alone = drive(of, many(1, 200)).answers[0]!;
    const crowded = drive(of, many(30, 200)).answers[0]!;
    expect(crowded.endMs - crowded.firstMs).toBe(alone.endMs - alone.firstMs);
  });
});

describe("pipeline", () => {
  const stepMs = { a: 6, b: 0, c: 0, d: 0, e: 0, h: 0 };

  it("saturated stages, batches of 20 -> the throughput of as many batches as stages", () => {
    const endOf = (maxSequences: number, scheduling: SchedulingSpec): number => {
      const of = engine(scheduling, { step: stepMs, maxSequences, maxBatchedTokens: 40 });
      return Math.max(...drive(of, many(240, 100, 2)).answers.map(({ endMs }) => endMs));
    };
    const gain = endOf(20, {}) / endOf(60, { pipeline: { stages: 3, transferMs: 0 } });
    expect(gain).toBeGreaterThan(2.7);
    expect(gain).toBeLessThan(3.01);
  });

  it("one sequence -> each step passes all stages: no gain, and transfers on top", () => {
    const [one] = drive(engine({}, { step: stepMs }), many(1, 11)).answers;
    const [three] = drive(engine({ pipeline: { stages: 3, transferMs: 0.5 } }, { step: stepMs }), many(1, 11)).answers;
    expect(three!.endMs).toBe(one!.endMs + 11 * 1.5);
  });

  it("two stages, two sequences of different batches -> steps overlap, and busy time is counted once", () => {
    const jobs = [
      { atMs: 0, prompt: 16, output: 20 },
      { atMs: 3, prompt: 16, output: 20 },
    ];
    const { answers, meter } = drive(engine({ pipeline: { stages: 2, transferMs: 0 } }, { step: stepMs }), jobs);
    expect(answers.map(({ endMs }) => endMs)).toEqual([120, 123]);
    expect(meter.busyMs).toBe(123);
    expect(meter.steps).toBe(40);
  });
});

describe("data-parallel attention", () => {
  it("ranks with different loads -> everybody's step is as long as the longest", () => {
    const of = engine({ dataParallel: { ranks: 2 } }, { step: { a: 1, b: 0.5, c: 0, d: 0, e: 0, h: 0 } });
    const { answers, meter } = drive(of, many(3, 10));
    // Two on one rank, one on the other: steps of 1 + 2 * 0.5 for both; prompts cost the step alone.
    expect(answers[2]!.endMs).toBe(1 + 9 * 2);
    expect(answers[0]!.endMs).toBe(answers[2]!.endMs);
    expect(meter.steps).toBe(10);
  });

  it("engine settings -> per rank: two ranks run twice the sequences", () => {
    const seen = [1, 2].map((ranks) => drive(engine({ dataParallel: { ranks } }, { maxSequences: 4 }), many(8, 5)).meter);
    expect(seen.map(({ maxBatch }) => maxBatch)).toEqual([4, 8]);
  });
});

describe("host tier", () => {
  const scheduling = { offload: { capacityTokens: 100_000, msPerToken: 2 ** -6, latencyMs: 3 } };
  const of = { kvBlocks: 70, prefixCache: true, step: { a: 1, b: 0, c: 0, d: 2 ** -4, e: 0, h: 0 } };
  const jobs = [
    { atMs: 0, prompt: 1000, output: 1, stream: 1 },
    { atMs: 1000, prompt: 1000, output: 1, stream: 2 },
    { atMs: 2000, prompt: 1000, output: 1, stream: 1 },
  ];

  it("an evicted prefix comes back -> loaded at the link's speed, the rest computed", () => {
    const { answers, meter } = drive(engine(scheduling, of), jobs);
    // 62 of 63 blocks are whole; the GPU kept those that the second prompt did not need.
    expect(meter.hitTokens + meter.hostHitTokens).toBe(992);
    expect(meter.hostHitTokens).toBeGreaterThan(800);
    expect(answers[2]!.firstMs - 2000).toBe(meter.hostHitTokens * 2 ** -6 + 3 + 1 + 8 * 2 ** -4);
    expect(answers[2]!.cached).toBe(992);
  });

  it("a load under way -> others go on", () => {
    const { answers } = drive(engine({ offload: { ...scheduling.offload, msPerToken: 1 } }, of), [
      ...jobs,
      { atMs: 2001, prompt: 20, output: 50 },
    ]);
    expect(answers[3]!.endMs).toBeLessThan(2100);
    expect(answers[2]!.firstMs).toBeGreaterThan(2800);
  });

  it("a load under way -> nobody hits what is not there yet", () => {
    const slow = engine({ offload: { ...scheduling.offload, msPerToken: 1 } }, of);
    const canceled = { ...jobs[2]!, cancelMs: 2100 };
    const { answers, meter } = drive(slow, [...jobs.slice(0, 2), canceled, { ...jobs[2]!, atMs: 2200 }]);
    expect(answers[2]).toMatchObject({ end: "released", endMs: 2100 });
    // The same tokens once more, behind those that nobody waits for any longer.
    expect(meter.hostHitTokens).toBeGreaterThan(1600);
    expect(answers[3]!.firstMs - 2000).toBe(meter.hostHitTokens + 3 + 1 + 8 * 2 ** -4);
  });

  it("a load that ends between two points of the time grid -> the step after it starts on the grid", () => {
    const times = new Set<number>();
    const thirds = engine({ offload: { ...scheduling.offload, msPerToken: 1 / 3, latencyMs: 1 / 7 } }, of);
    const { replica } = drive(thirds, jobs, { watch: (_, __, nowMs) => void times.add(nowMs) });
    expect(replica.meter.hostHitTokens).toBeGreaterThan(0);
    const grid = TimeGrid.forHorizon(1e8);
    expect([...times].filter((ms) => grid.round(ms) !== ms)).toEqual([]);
  });

  it("a preempted sequence loads its own KV -> it computes less, and no hit is counted: it asked before", () => {
    const tight = { kvBlocks: 20, prefixCache: true, maxSequences: 4, step: { a: 1, b: 0, c: 0, d: 0, e: 0, h: 0 } };
    const [tiered, plain] = [engine(scheduling, tight), engine({}, tight)].map((one) => drive(one, many(2, 100, 128)).meter);
    expect(tiered!.preemptions).toBeGreaterThan(0);
    expect(tiered!.prefillTokens).toBeLessThan(plain!.prefillTokens);
    expect(tiered).toMatchObject({ queryTokens: 256, hitTokens: 0, hostHitTokens: 0 });
  });

  it("no host tier -> the prompt is computed again", () => {
    const { answers } = drive(engine({}, of), jobs);
    expect(answers[2]!.firstMs - 2000).toBeGreaterThan(50);
  });
});

describe("transferred KV", () => {
  it("transferred attempt -> no prefill, next token by a decode step, no second first token", () => {
    const { answers, meter } = drive(engine({}), [{ atMs: 10, prompt: 500, output: 6, transferred: true }]);
    expect(meter.prefillTokens).toBe(0);
    expect(answers[0]!.tokens).toBe(6);
    expect(answers[0]!.firstMs).toBeNaN();
    expect(answers[0]!.endMs).toBe(10 + 5 * (1 + 2 ** -7));
  });

  it("expected attempt -> blocks first, then the transfer, then decode", () => {
    let most = 0;
    const job = { atMs: 10, prompt: 160, output: 2, transferMs: 25 };
    const { answers } = drive(engine({}), [job], {
      watch: (replica, _, nowMs) => {
        if (nowMs < 35) most = Math.max(most, replica.blocks.total - replica.blocks.free);
      },
    });
    expect(most).toBe(11);
    expect(answers[0]!.endMs).toBe(35 + 1 + 2 ** -7);
  });

  it("expected attempt, canceled during the transfer -> blocks come back at once", () => {
    const { answers, replica } = drive(engine({}), [{ atMs: 10, prompt: 160, output: 2, transferMs: 25, cancelMs: 20 }]);
    expect(answers[0]).toMatchObject({ end: "released", endMs: 20 });
    expect(replica.blocks.free).toBe(replica.blocks.total);
  });

  it("expected attempt, canceled during the transfer -> the same prompt is computed: its KV never came", () => {
    const of = engine({}, { prefixCache: true });
    const lost = { atMs: 10, prompt: 160, output: 2, stream: 1, transferMs: 25, cancelMs: 20 };
    const { meter } = drive(of, [lost, { atMs: 40, prompt: 160, output: 2, stream: 1 }]);
    expect(meter.hitTokens).toBe(0);
    expect(meter.prefillTokens).toBe(160);
  });

  it("expected attempt whose KV has come -> the same prompt finds it, at once and after the end", () => {
    const of = engine({}, { prefixCache: true });
    const came = { atMs: 10, prompt: 160, output: 40, stream: 1, transferMs: 5 };
    const again = { prompt: 160, output: 1, stream: 1 };
    const { answers } = drive(of, [came, { ...again, atMs: 12 }, { ...again, atMs: 30 }, { ...again, atMs: 200 }]);
    expect(answers.map(({ cached }) => cached)).toEqual([0, 0, 144, 144]);
  });

  it("prefill only -> ends with the first token, blocks stay until they are released", () => {
    const seen: Array<number> = [];
    const { answers, replica } = drive(engine({ prefillOnly: true }), [{ atMs: 0, prompt: 160, output: 50 }], {
      releaseAfterMs: 40,
      watch: (of, _, nowMs) => void (nowMs > 1 && seen.push(of.blocks.total - of.blocks.free)),
    });
    expect(answers[0]).toMatchObject({ end: "finished", tokens: 1 });
    expect(answers[0]!.firstMs).toBe(answers[0]!.endMs);
    expect(seen[0]).toBe(10);
    expect(replica.blocks.free).toBe(replica.blocks.total);
  });

  it("prefill only, memory full of kept KV -> the next prompt waits for a release", () => {
    const { answers } = drive(engine({ prefillOnly: true }, { kvBlocks: 15 }), many(2, 50, 160), { releaseAfterMs: 40 });
    expect(answers[1]!.admittedMs).toBe(answers[0]!.endMs + 40);
  });
});

describe("step table", () => {
  it("any function of the load -> its value, on the grid", () => {
    const stepTable = {
      stepMs: ({ sequences, kvTokens, prefillTokens }: { sequences: number; kvTokens: number; prefillTokens: number }) =>
        prefillTokens > 0 ? 5 : Math.sqrt(sequences) + kvTokens / 64,
    };
    const { answers } = drive({ ...ENGINE, stepTable }, many(4, 2, 32));
    expect(answers[0]!.firstMs).toBe(5);
    expect(answers[0]!.endMs).toBe(5 + 2 + 2);
  });
});

it("gaps: one step per token -> each gap is a step, and a preemption shows in the longest", () => {
  const gaps = [new Histogram(), new Histogram()];
  let started = false;
  const { meter } = drive(engine({}, { kvBlocks: 12, maxSequences: 8 }), many(4, 60), {
    watch: (replica) => {
      if (!started) replica.startMeasuring(gaps);
      started = true;
    },
  });
  expect(meter.preemptions).toBeGreaterThan(0);
  expect(gaps[0]!.count).toBe(4 * 59);
  expect(gaps[0]!.max).toBeGreaterThan(20);
  expect(gaps[0]!.quantile(0.5)).toBeLessThan(1.2);
});
