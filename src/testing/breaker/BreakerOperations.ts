import fc from "fast-check";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { BreakerTrial, TrialCall } from "./BreakerTrial.ts";
import type { BreakerOutcome } from "./CircuitBreakerAdapter.ts";

type BreakerOperation = Operation<BreakerTrial>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One call that stays open until it is settled. */
export const callOperation = (nodes: number): fc.Arbitrary<BreakerOperation> =>
  fc.nat({ max: nodes - 1 }).map((node) => ({ text: nodes > 1 ? `call at node ${node}` : "call", run: (trial) => trial.call(node) }));

/** A call whose work calls again. */
export const reenterOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.constant({ text: "call, and in it another call", run: (trial) => trial.reenter(0) });

/** A call whose work throws instead of returning a promise. */
export const throwAtOnceOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.constant({ text: "call that throws at once", run: (trial) => trial.throwAtOnce(0) });

/** Many calls in one microtask. */
export const burstOperation = (nodes: number): fc.Arbitrary<BreakerOperation> =>
  fc.tuple(fc.constantFrom(2, 3, 11, 100), fc.nat({ max: nodes - 1 })).map(([count, node]) => ({
    text: `${count} calls at once`,
    run: (trial) => trial.call(node, count),
  }));

/** The i-th of the live calls ends. */
export const settleOperation = (outcomes: ReadonlyArray<BreakerOutcome>): fc.Arbitrary<BreakerOperation> =>
  fc.tuple(fc.nat({ max: 5 }), fc.constantFrom(...outcomes)).map(([index, outcome]) => ({
    ...settling(index, outcome),
    alternatives: [0, 1, 2].filter((other) => other !== index).map((other) => settling(other, outcome)),
  }));

const settling = (index: number, outcome: BreakerOutcome): BreakerOperation =>
  onCall({
    text: outcome === "success" ? "ok" : outcome === "failure" ? "fail" : "ignored",
    among: (trial) => trial.live(),
    index,
    run: (trial, call) => trial.settle(call, outcome),
  });

/** A call and its outcome in one instant. */
export const sampleOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.constantFrom<BreakerOutcome>("success", "failure").map((outcome) => ({
    text: outcome === "success" ? "call, ok" : "call, fail",
    run: async (trial) => {
      await trial.call(0);
      const call = trial.calls.at(-1);
      if (call?.state === "live") await trial.settle(call, outcome);
    },
  }));

/** Several outcomes alike, one after the other. */
export const runOfSamplesOperation = (most: number): fc.Arbitrary<BreakerOperation> =>
  fc.tuple(fc.integer({ min: 1, max: most }), fc.constantFrom<BreakerOutcome>("success", "failure")).map(([count, outcome]) => ({
    text: `${count} x call, ${outcome === "success" ? "ok" : "fail"}`,
    run: async (trial) => {
      for (let done = 0; done < count; done++) {
        await trial.call(0);
        const call = trial.calls.at(-1);
        if (call?.state !== "live") return;
        await trial.settle(call, outcome);
      }
    },
  }));

/** The caller of the i-th waiting call gives up. */
export const abortWaitingOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.nat({ max: 3 }).map((index) =>
    onCall({
      text: "abort",
      among: (trial) => trial.waiting().filter((call) => !call.aborted),
      index,
      run: (trial, call) => trial.abort(call),
    }),
  );

/** A second outcome for the i-th settled call. */
export const settleAgainOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.tuple(fc.nat({ max: 5 }), fc.constantFrom<BreakerOutcome>("success", "failure")).map(([index, outcome]) =>
    onCall({
      text: `again ${outcome}`,
      among: (trial) => trial.calls.filter((call) => call.state === "settled"),
      index,
      run: (trial, call) => trial.settleAgain(call, outcome),
    }),
  );

/** Time passes; lengths around the open time come often. */
export const tickOperation = (openForMs: number): fc.Arbitrary<BreakerOperation> =>
  fc
    .constantFrom(openForMs, 1, Math.ceil(openForMs / 2), openForMs - 1, openForMs + 1, 5 * openForMs)
    .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial) => trial.advance(ms) }));

/** Nothing happens for long. */
export const idleOperation = (gapsMs: ReadonlyArray<number>): fc.Arbitrary<BreakerOperation> =>
  fc.constantFrom(...gapsMs).map((ms) => ({ text: `idle ${spanText(ms)}`, run: (trial) => trial.advance(ms) }));

/** Gaps of a window, a day, a month. */
export const LONG_GAPS_MS: ReadonlyArray<number> = [DAY_MS, 30 * DAY_MS];

/** One node's wall clock jumps. */
export const stepOperation = (nodes: number): fc.Arbitrary<BreakerOperation> =>
  fc.tuple(fc.constantFrom(-HOUR_MS, HOUR_MS, -1000, 1000, -1, 1), fc.nat({ max: nodes - 1 })).map(([ms, node]) => ({
    text: `step clock ${ms > 0 ? "+" : "-"}${spanText(Math.abs(ms))}`,
    run: (trial) => trial.stepClock(node, ms),
  }));

/** From now on, or no longer, the user's hooks throw. */
export const hookOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.constant({
    text: "hooks throw",
    possible: (trial) => !trial.hooksThrow,
    run: (trial) => {
      trial.hooksThrow = true;
    },
  });

/** The process ends and starts again, perhaps on a machine with another clock. */
export const restoreOperation = (): fc.Arbitrary<BreakerOperation> =>
  fc.constantFrom(0, HOUR_MS, -HOUR_MS).map((ms) => ({
    text: `export, restart${ms === 0 ? "" : ` with the clock ${ms > 0 ? "+" : "-"}${spanText(Math.abs(ms))}`}, restore`,
    run: (trial) => trial.restore(ms),
  }));

/** What most laws need: calls, outcomes, time, clocks. */
export const usualOperations = (openForMs: number): ReadonlyArray<WeightedOperation<BreakerTrial>> => [
  weighted(4, callOperation(1)),
  weighted(4, settleOperation(["success", "failure"])),
  weighted(3, tickOperation(openForMs)),
  weighted(1, stepOperation(1)),
  weighted(
    1,
    fc.constantFrom(openForMs, 5 * openForMs).map((ms) => ({
      text: `the process is frozen for ${spanText(ms)}`,
      run: (trial: BreakerTrial) => trial.pause(ms),
    })),
  ),
];

const onCall = (options: {
  readonly text: string;
  readonly among: (trial: BreakerTrial) => ReadonlyArray<TrialCall>;
  readonly index: number;
  readonly run: (trial: BreakerTrial, call: TrialCall) => Promise<void>;
}): BreakerOperation => ({
  text: options.text,
  possible: (trial) => options.among(trial).length > 0,
  run: async (trial) => {
    const among = options.among(trial);
    const call = among[options.index % among.length];
    if (call === undefined) return;
    trial.laboratory.note(`call ${call.number}`);
    await options.run(trial, call);
  },
});
