import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { HedgeAdapter, HedgeSpec } from "./HedgeAdapter.ts";
import { HedgeTrial } from "./HedgeTrial.ts";
import type { HedgeOutcome, HedgeWatch } from "./HedgeTrial.ts";

/**
 * The laws that apply to a hedging policy, each ready to be checked.
 *
 * @example
 * for (const law of hedgeLaws(adapter)) test(law.title, () => law.check());
 */
export const hedgeLaws = (adapter: HedgeAdapter, spec: HedgeSpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.map((law) =>
    lawOf<HedgeTrial>({
      id: "R-11",
      part: law.part,
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: operations(spec),
      start: (laboratory) => new HedgeTrial(adapter.make(spec, laboratory), spec, laboratory, law.watch),
      dispose: (trial) => trial.dispose(),
    }),
  );

const LAWS: ReadonlyArray<{ readonly part: string; readonly kind: LawKind; readonly title: string; readonly watch: HedgeWatch }> = [
  {
    part: "starts",
    kind: "S",
    title: "attempts start after the delay or a failure, no more than declared, and none after the end",
    watch: {
      onAttempt: (request, trial) => {
        const { delayMs, maxAttempts } = trial.spec;
        trial.expect(request.attempts.length <= maxAttempts, `at most ${maxAttempts} attempts; this is number ${request.attempts.length}`);
        trial.expect(request.due === undefined, `request ${request.number} is decided: no attempt starts any more`);
        const before = request.attempts.at(-2);
        const nowMs = trial.laboratory.elapsedMs;
        trial.expect(
          before === undefined || nowMs - before.startedAtMs >= delayMs || request.lastFailureMs === nowMs,
          `nothing failed, and attempt ${before?.number} started less than ${spanText(delayMs)} ago: no hedge yet`,
        );
      },
    },
  },
  {
    part: "hedges",
    kind: "V",
    title: "a hedge starts when the delay has passed and there is budget",
    watch: {
      onRest: (trial) => {
        const { delayMs, maxAttempts, budget } = trial.spec;
        if (trial.hedges + 2 > budget.burst) return;
        const slow = trial.requests.find((request) => {
          const last = request.attempts.at(-1);
          const waits = request.due === undefined && request.attempts.length < maxAttempts && last?.outcome === undefined;
          return waits && trial.laboratory.elapsedMs - (last?.startedAtMs ?? 0) >= delayMs;
        });
        trial.expect(slow === undefined, `request ${slow?.number} has waited for ${spanText(delayMs)}: a hedge starts`);
      },
    },
  },
  {
    part: "end",
    kind: "S",
    title: "the first success wins, a fatal failure ends, and each loser is cancelled once",
    watch: {
      onRest: (trial) => {
        for (const request of trial.requests) {
          if (request.due === undefined) {
            const spared = request.attempts.every((attempt) => attempt.cancelled === 0 || attempt.outcome !== undefined);
            trial.expect(spared || request.answer !== undefined, `request ${request.number} is open: no attempt of it is cancelled`);
            continue;
          }
          trial.expect(
            request.answer === request.due,
            `request ${request.number} ${request.due === 0 ? "failed for good" : `is answered by attempt ${request.due}`}; it ${answerText(request.answer)}`,
          );
          const left = request.attempts.find((attempt) => attempt.outcome === undefined && attempt.cancelled !== 1);
          trial.expect(
            left === undefined,
            `request ${request.number} is over: attempt ${left?.number} is cancelled once, not ${left?.cancelled} times`,
          );
        }
      },
    },
  },
  {
    part: "failures",
    kind: "V",
    title: "when all attempts failed the request has failed, and nothing is retried",
    watch: {
      onRest: (trial) => {
        const open = trial.requests.find(
          (request) => request.answer === undefined && request.attempts.every((attempt) => attempt.outcome !== undefined),
        );
        trial.expect(open === undefined, `no attempt of request ${open?.number} runs: it must have an answer`);
      },
      onAttempt: (request, trial) =>
        trial.expect(request.answer === undefined, `request ${request.number} has its answer: nothing is retried`),
    },
  },
  {
    part: "budget",
    kind: "S",
    title: "hedges are paid from the budget",
    watch: {
      onAttempt: (_request, trial) => {
        const { ratio, burst } = trial.spec.budget;
        const most = ratio * trial.requests.length + burst;
        trial.expect(
          trial.hedges <= most + 1e-9,
          `at most ${most.toFixed(1)} hedges for ${trial.requests.length} requests; this is number ${trial.hedges}`,
        );
      },
    },
  },
];

const answerText = (answer: number | undefined): string => {
  if (answer === undefined) return "is open";
  return answer === 0 ? "failed" : `has the answer of attempt ${answer}`;
};

const operations = (spec: HedgeSpec): ReadonlyArray<WeightedOperation<HedgeTrial>> => [
  weighted(3, fc.constant<Operation<HedgeTrial>>({ text: "request", run: (trial) => trial.ask() })),
  weighted(
    4,
    fc
      .tuple(fc.constantFrom<HedgeOutcome>("ok", "fail", "fail", "fatal"), fc.nat({ max: 5 }))
      .map(([outcome, index]): Operation<HedgeTrial> => ({
        text: outcome,
        possible: (trial) => trial.running().length > 0,
        run: async (trial) => {
          const running = trial.running();
          const chosen = running[index % running.length];
          if (chosen !== undefined) await trial.end(chosen[0], chosen[1], outcome);
        },
      })),
  ),
  weighted(
    1,
    fc.nat({ max: 3 }).map((index): Operation<HedgeTrial> => {
      const tied = (trial: HedgeTrial) =>
        trial.requests.filter((request) => request.attempts.filter((attempt) => attempt.outcome === undefined).length > 1);
      return {
        text: "all attempts of one succeed in one microtask",
        possible: (trial) => tied(trial).length > 0,
        run: async (trial) => {
          const requests = tied(trial);
          const request = requests[index % requests.length];
          if (request !== undefined) await trial.tie(request);
        },
      };
    }),
  ),
  weighted(
    4,
    fc
      .constantFrom(spec.delayMs, spec.delayMs - 1, 1, Math.ceil(spec.delayMs / 2))
      .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: HedgeTrial) => trial.advance(ms) })),
  ),
];
