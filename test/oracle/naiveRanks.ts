import type { EngineSpec } from "../../src/serving/ServingSpec.ts";

/** All there at time 0. */
export interface NaiveJob {
  readonly prompt: number;
  readonly output: number;
}

interface Sequence extends NaiveJob {
  readonly id: number;
  computed: number;
  generated: number;
}

interface Share {
  readonly sequence: Sequence;
  readonly tokens: number;
}

/**
 * The oracle of data-parallel ranks: V1's scheduler without bounds of memory, one loop iteration per step; jobs go to the ranks in turn. The
 * time of a step comes from its definition: rows that all ranks bring together are spread evenly over the GPUs of the experts.
 */
export const naiveRanks = (engine: EngineSpec, ranks: number, jobs: ReadonlyArray<NaiveJob>): ReadonlyArray<number> => {
  const endMs = jobs.map(() => NaN);
  const waiting = Array.from({ length: ranks }, (): Array<Sequence> => []);
  const running = Array.from({ length: ranks }, (): Array<Sequence> => []);
  jobs.forEach((job, id) => waiting[id % ranks]!.push({ ...job, id, computed: 0, generated: 0 }));
  let nowMs = 0;
  for (;;) {
    const plans = waiting.map((line, rank) => plan(engine, line, running[rank]!));
    if (plans.every((shares) => shares.length === 0)) return endMs;
    const meeting = plans
      .map((shares) =>
        Math.max(
          1,
          sumOf(shares, ({ tokens }) => tokens),
        ),
      )
      .reduce((sum, rows) => sum + rows, 0);
    nowMs += Math.max(...plans.map((shares) => timeOf(engine, shares, { meeting, ranks })));
    for (const { sequence, tokens } of plans.flat()) {
      sequence.computed += tokens;
      if (sequence.computed < sequence.prompt + sequence.generated) continue;
      sequence.generated++;
      if (sequence.generated === sequence.output) endMs[sequence.id] = nowMs;
    }
    for (const [rank, line] of running.entries()) running[rank] = line.filter(({ generated, output }) => generated < output);
  }
};

const plan = (engine: EngineSpec, waiting: Array<Sequence>, running: Array<Sequence>): ReadonlyArray<Share> => {
  let budget = engine.maxBatchedTokens;
  const shares: Array<Share> = [];
  for (let i = 0; budget > 0; i++) {
    if (i === running.length) {
      if (waiting.length === 0 || i === engine.maxSequences) break;
      running.push(waiting.shift()!);
    }
    const sequence = running[i]!;
    const tokens = Math.min(budget, sequence.prompt + sequence.generated - sequence.computed);
    shares.push({ sequence, tokens });
    budget -= tokens;
  }
  return shares;
};

/** A rank without work computes one token for nobody. */
const timeOf = ({ step }: EngineSpec, shares: ReadonlyArray<Share>, all: { readonly meeting: number; readonly ranks: number }): number => {
  const decoding = shares.filter(({ sequence }) => sequence.generated > 0);
  const prompts = shares.filter(({ sequence }) => sequence.generated === 0);
  const sequences = shares.length === 0 ? 1 : decoding.length;
  const prefill = sumOf(prompts, ({ tokens }) => tokens);
  const context = sumOf(decoding, ({ sequence }) => sequence.computed);
  const attention = sumOf(prompts, ({ sequence, tokens }) => tokens * (sequence.computed + tokens / 2));
  const { count, active, msPerExpert, rowMs = 0, exchangeRowMs = 0 } = step.experts!;
  const elsewhere = rowMs + exchangeRowMs;
  const got = all.meeting / all.ranks;
  return (
    step.a +
    (step.b - elsewhere) * sequences +
    (step.d - elsewhere) * prefill +
    step.c * context +
    step.e * attention +
    Math.max(step.floorMs ?? 0, (step.rowMs ?? 0) * (sequences + prefill)) +
    msPerExpert * count * (1 - (1 - active / count) ** all.meeting) +
    rowMs * got +
    exchangeRowMs * Math.max(sequences + prefill, got)
  );
};

const sumOf = <A>(of: ReadonlyArray<A>, value: (one: A) => number): number => of.reduce((sum, one) => sum + value(one), 0);
