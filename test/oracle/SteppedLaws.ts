import type { SchedulingSpec } from "../../src/serving/SchedulingSpec.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";
import type { Driven, Job } from "./drive.ts";
import { drive, ENGINE } from "./drive.ts";

/** What no oracle computes step by step: one small case per feature of the stepped engine, worked out by hand. */
export interface SteppedLaw {
  readonly title: string;
  readonly holds: () => boolean;
}

const engine = (scheduling: SchedulingSpec, of: Partial<EngineSpec> = {}): EngineSpec => ({ ...ENGINE, ...of, scheduling });
const at0 = (prompt: number, ...outputs: ReadonlyArray<number>): Array<Job> => outputs.map((output) => ({ atMs: 0, prompt, output }));
const ends = ({ answers }: Driven): Array<number> => answers.map(({ endMs }) => endMs);
const step = { a: 1, b: 0, c: 0, d: 0, e: 0, h: 0 };

export const STEPPED_LAWS: ReadonlyArray<SteppedLaw> = [
  {
    title: "static batch: answers of 30, 2 and 7 tokens -> all of them after 30 steps",
    holds: () => ends(drive(engine({ scheduler: "static" }, { step }), at0(10, 30, 2, 7))).every((ms) => ms === 30),
  },
  {
    title: "prefill first: a prompt during decode -> a step of its own",
    holds: () => {
      const jobs = [...at0(16, 10), { atMs: 2.5, prompt: 16, output: 1 }];
      return ends(drive(engine({ scheduler: "prefillFirst" }, { step }), jobs)).join() === "11,4";
    },
  },
  {
    title: "priority: blocks run out -> the less urgent is preempted, though it came first",
    holds: () => {
      const jobs = [
        { atMs: 0, prompt: 40, output: 60, classIndex: 0 },
        { atMs: 2, prompt: 40, output: 60, classIndex: 1 },
      ];
      return drive(engine({ order: "priority" }, { kvBlocks: 8, maxSequences: 4 }), jobs, { priorities: [1, 0] }).order.join() === "1,0";
    },
  },
  {
    title: "transfer: KV that comes after 25 ms while others decode -> the next token one step after it",
    holds: () => ends(drive(engine({}, { step }), [...at0(16, 60), { atMs: 10, prompt: 160, output: 2, transferMs: 25 }]))[1] === 36,
  },
  {
    title: "transfer: canceled on the way -> the same prompt is computed",
    holds: () => {
      const lost = { atMs: 10, prompt: 160, output: 2, stream: 1, transferMs: 25, cancelMs: 20 };
      const { meter } = drive(engine({}, { prefixCache: true }), [lost, { atMs: 40, prompt: 160, output: 2, stream: 1 }]);
      return meter.hitTokens === 0 && meter.prefillTokens === 160;
    },
  },
  {
    title: "host tier: prompts that come in chunks of 16 tokens, whole prompts not reserved -> never more blocks than there are",
    holds: () => {
      const of = engine(
        { longPrefillThreshold: 16, offload: { capacityTokens: 5000, msPerToken: 0.02, latencyMs: 0 } },
        { kvBlocks: 20, prefixCache: true, reserveFullPrompt: false },
      );
      const jobs = Array.from({ length: 60 }, (_, i) => ({ atMs: 4 * i, prompt: 200, output: 20, stream: i % 4 }));
      let least = Infinity;
      const { meter } = drive(of, jobs, { watch: ({ blocks }) => void (least = Math.min(least, blocks.free)) });
      return least >= 0 && meter.hostHitTokens > 0;
    },
  },
  {
    title: "prefill only -> one step, and the blocks stay",
    holds: () => {
      const { answers, replica } = drive(engine({ prefillOnly: true }, { step }), at0(160, 50));
      return answers[0]!.endMs === 1 && replica.blocks.total - replica.blocks.free === 10;
    },
  },
  {
    title: "data parallel: two sequences on one rank, one on the other -> both ranks take the longer step",
    holds: () => {
      const of = engine({ dataParallel: { ranks: 2 } }, { step: { ...step, b: 0.5 } });
      return ends(drive(of, at0(32, 10, 10, 10))).every((ms) => ms === 1 + 9 * 2);
    },
  },
  {
    title: "data parallel: a prompt of 63 tokens on one rank, the other idle -> each computes 32 rows in its experts, and the one sends 63",
    holds: () => {
      const experts = { count: 1, active: 1, msPerExpert: 0.25, ranks: 2, rowMs: 0.5, exchangeRowMs: 0.125 };
      const of = engine({ dataParallel: { ranks: 2 } }, { step: { ...step, b: 1, d: 1, experts } });
      return ends(drive(of, at0(63, 1))).join() === String(1 + 63 * (1 - 0.5 - 0.125) + 32 * 0.5 + 63 * 0.125 + 0.25);
    },
  },
  {
    title: "pipeline: two sequences 3 ms apart in stages of 3 ms -> steps overlap",
    holds: () => {
      const of = engine({ pipeline: { stages: 2, transferMs: 0 } }, { step: { ...step, a: 6 } });
      const jobs = [0, 3].map((atMs) => ({ atMs, prompt: 16, output: 20 }));
      return ends(drive(of, jobs)).join() === "120,123";
    },
  },
  {
    title: "speculative: all drafts accepted, an answer that ends within a step -> no token too many",
    holds: () => {
      const { answers } = drive(engine({ speculative: { tokens: 3, acceptanceRatio: 1 } }, { step }), at0(32, 7));
      return answers[0]!.tokens === 7 && answers[0]!.endMs === 3;
    },
  },
  {
    title: "swap: preempted sequences -> nothing is computed twice",
    holds: () => {
      const of = engine({ swap: { msPerToken: 0.01, capacityTokens: 10_000 } }, { kvBlocks: 20, maxSequences: 8 });
      const { meter } = drive(of, at0(60, 80, 80, 80, 80, 80, 80));
      return meter.preemptions > 0 && meter.prefillTokens === 6 * 60;
    },
  },
  {
    title: "cancel: running and waiting sequences leave -> every block comes back",
    holds: () => {
      const jobs = Array.from({ length: 30 }, (_, i) => ({ atMs: i, prompt: 50, output: 100, cancelMs: i + 7 * (i % 9) }));
      return [{}, { order: "priority" as const }, { swap: { msPerToken: 0.01, capacityTokens: 600 } }].every((scheduling) => {
        const { replica, order } = drive(engine(scheduling, { kvBlocks: 24, maxSequences: 8 }), jobs);
        return replica.blocks.free === replica.blocks.total && order.length === jobs.length;
      });
    },
  },
];
