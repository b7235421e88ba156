import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { RetryBudgetAdapter, RetryBudgetSpec, RetryBudgetUnderTest } from "./RetryBudgetAdapter.ts";
import { RetryBudgetTrial } from "./RetryBudgetTrial.ts";
import type { BudgetWatch } from "./RetryBudgetTrial.ts";

type Operations = ReadonlyArray<WeightedOperation<RetryBudgetTrial>>;

/**
 * The laws that apply to a retry budget, each ready to be checked.
 *
 * @example
 * for (const law of retryBudgetLaws(adapter)) test(law.title, () => law.check());
 */
export const retryBudgetLaws = (adapter: RetryBudgetAdapter, spec: RetryBudgetSpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.filter((law) => law.applies(spec)).map((law) =>
    lawOf<RetryBudgetTrial>({
      id: law.id,
      ...(law.part === undefined ? {} : { part: law.part }),
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: law.operations?.(adapter) ?? usual(spec),
      start: (laboratory) => new RetryBudgetTrial(adapter.make(laboratory), spec, laboratory, law.watch),
      ...(law.quiesce === undefined ? {} : { quiesce: law.quiesce }),
      dispose: () => undefined,
    }),
  );

interface BudgetLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies: (spec: RetryBudgetSpec) => boolean;
  readonly operations?: (adapter: RetryBudgetAdapter) => Operations;
  readonly watch: BudgetWatch;
  readonly quiesce?: (trial: RetryBudgetTrial) => Promise<void>;
}

const ROUNDING = 1e-6;

/** Retries in every interval that ends now. */
const withinBound: NonNullable<BudgetWatch["onGranted"]> = (trial) => {
  const { ratio, perSecond, burst, lookbackMs } = trial.spec.interval ?? { ratio: 0, perSecond: 0, burst: 0, lookbackMs: 0 };
  for (const [index, sinceMs] of trial.retriesMs.entries()) {
    const retries = trial.retriesMs.length - index;
    const requests = trial.requestsMs.filter((atMs) => atMs >= sinceMs - lookbackMs).length;
    const most = ratio * requests + (perSecond * (trial.nowMs - sinceMs + lookbackMs)) / 1000 + burst;
    trial.expect(
      retries <= most + ROUNDING,
      `at most ${most.toFixed(2)} retries within ${spanText(trial.nowMs - sinceMs)} for ${requests} requests; ${retries} were granted`,
    );
  }
};

const LAWS: ReadonlyArray<BudgetLaw> = [
  {
    id: "R-2",
    kind: "S",
    title: "in every interval, retries stay within their share of the requests",
    applies: (spec) => spec.interval !== undefined,
    watch: { onGranted: withinBound },
  },
  {
    id: "R-2",
    part: "under way",
    kind: "S",
    title: "retries under way stay within their share of the requests under way",
    applies: (spec) => spec.inFlight !== undefined,
    watch: {
      onGranted: (trial) => {
        const { ratio, least } = trial.spec.inFlight ?? { ratio: 0, least: 0 };
        // Both lists lack the attempt whose retry was just granted.
        const retries = trial.running.filter((attempt) => attempt.retried).length + 1;
        const most = Math.max(least, Math.ceil(ratio * (trial.running.length + 1)));
        trial.expect(retries <= most, `at most ${most} of ${trial.running.length + 1} requests under way may be retries; ${retries} are`);
      },
    },
  },
  {
    id: "R-2",
    part: "failures",
    kind: "S",
    title: "when everything fails retries end",
    applies: (spec) => spec.stopsAfterFailures !== undefined,
    watch: {
      onGranted: (trial) =>
        trial.expect(
          trial.failuresInARow < (trial.spec.stopsAfterFailures ?? 0),
          `after ${trial.spec.stopsAfterFailures} failures in a row no retry is granted; this is after ${trial.failuresInARow}`,
        ),
    },
  },
  {
    id: "R-2",
    part: "share of failures",
    kind: "S",
    title: "a retry is granted while few attempts failed, and only then",
    applies: (spec) => spec.failureRatio !== undefined,
    watch: {
      onAsked: (granted, trial) => {
        const { attempts, failures } = trial.counts;
        trial.expect(
          granted === failures <= (trial.spec.failureRatio ?? 0) * attempts,
          `${failures} of ${attempts} attempts failed, the limit is ${trial.spec.failureRatio}: a retry is ${granted ? "not " : ""}granted`,
        );
      },
    },
  },
  {
    id: "R-7",
    kind: "S",
    title: "the quota is what charges and credits leave, within its capacity",
    applies: (spec) => spec.quota !== undefined,
    watch: {
      onRest: (trial) => {
        const level = trial.budget.level?.() ?? Number.NaN;
        trial.expect(level >= 0 && level <= (trial.spec.quota?.capacity ?? 0), `the quota lies within 0 and its capacity; it is ${level}`);
        trial.expect(level === trial.quota, `charges and credits leave ${trial.quota}; the quota is ${level}`);
      },
    },
  },
  {
    id: "R-8",
    kind: "V",
    title: "when failures stop, retries are possible again within the time declared",
    applies: () => true,
    watch: {},
    quiesce: async (trial) => {
      while (trial.running.length > 0) trial.end(0, "success");
      const { successes, ms } = trial.spec.recovers(trial.counts);
      await trial.laboratory.advance(ms);
      for (let sent = 0; sent < successes; sent++) {
        trial.request(1);
        trial.end(0, "success");
      }
      trial.request(1);
      trial.expect(trial.ask(false), `after ${successes} successes and ${spanText(ms)} a retry is granted`);
    },
  },
  {
    id: "R-10",
    kind: "S",
    title: "three layers, each with such a budget, multiply the load no more than their shares do",
    applies: (spec) => spec.interval !== undefined,
    operations: (adapter) => [weighted(3, stackOperation(adapter)), weighted(2, tickOperation())],
    watch: {},
  },
];

const usual = (spec: RetryBudgetSpec): Operations => [
  weighted(
    3,
    fc.constantFrom(1, 1, 5, 20).map((count) => ({ text: `${count} requests`, run: (trial: RetryBudgetTrial) => trial.request(count) })),
  ),
  weighted(
    5,
    fc
      .tuple(fc.constantFrom<"success" | "failure" | "timeout">("success", "failure", "failure", "timeout"), fc.nat({ max: 9 }))
      .map(([outcome, index]): Operation<RetryBudgetTrial> => ({
        text: outcome,
        possible: (trial) => trial.running.length > 0,
        run: (trial) => trial.end(index, outcome),
      })),
  ),
  weighted(
    2,
    fc.constant<Operation<RetryBudgetTrial>>({
      text: "all that run fail",
      possible: (trial) => trial.running.length > 0,
      run: (trial) => {
        for (let left = trial.running.length; left > 0; left--) trial.end(0, "failure");
      },
    }),
  ),
  weighted(3, tickOperation(spec.interval?.lookbackMs)),
];

const tickOperation = (lookbackMs = 10_000): fc.Arbitrary<Operation<RetryBudgetTrial>> =>
  fc
    .constantFrom(1, 100, 999, Math.max(1, lookbackMs - 1), Math.max(1, lookbackMs), 60_000)
    .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial) => trial.laboratory.advance(ms) }));

const LAYERS = 3;

interface Stack {
  readonly layers: ReadonlyArray<RetryBudgetUnderTest>;
  offered: number;
  /** What reached the backend, which fails always. */
  load: number;
}

const stacks = new WeakMap<RetryBudgetTrial, Stack>();

const stackOperation = (adapter: RetryBudgetAdapter): fc.Arbitrary<Operation<RetryBudgetTrial>> =>
  fc.constantFrom(1, 3, 20).map((count) => ({
    text: `${count} requests through ${LAYERS} layers, and everything fails`,
    run: (trial) => {
      const stack = stacks.get(trial) ?? {
        layers: Array.from({ length: LAYERS }, () => adapter.make(trial.laboratory)),
        offered: 0,
        load: 0,
      };
      stacks.set(trial, stack);
      for (let sent = 0; sent < count; sent++) descend(stack, 0);
      stack.offered += count;
      const { ratio, perSecond, burst, lookbackMs } = trial.spec.interval ?? { ratio: 0, perSecond: 0, burst: 0, lookbackMs: 0 };
      let most = stack.offered;
      for (let layer = 0; layer < LAYERS; layer++) most = (1 + ratio) * most + burst + (perSecond * (trial.nowMs + lookbackMs)) / 1000;
      trial.laboratory.note(`${stack.load} attempts for ${stack.offered} requests`);
      trial.expect(
        stack.load <= most + ROUNDING,
        `at most ${most.toFixed(1)} attempts for ${stack.offered} requests; there were ${stack.load}`,
      );
    },
  }));

const descend = (stack: Stack, depth: number): void => {
  const layer = stack.layers[depth];
  if (layer === undefined) {
    stack.load++;
    return;
  }
  layer.requested();
  descend(stack, depth + 1);
  layer.ended(false, false, false);
  // A budget without a bound would go on for ever.
  for (let retries = 0; retries < 100 && layer.take(false); retries++) {
    descend(stack, depth + 1);
    layer.ended(false, true, false);
  }
  layer.finished();
};
