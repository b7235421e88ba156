import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { CommandFault, StoreState } from "../StoreConnection.ts";
import type { RefusingAdapter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";
import { StoreTrial } from "./StoreTrial.ts";

type Operations = ReadonlyArray<WeightedOperation<StoreTrial>>;

/** The laws for limiters whose state is in a store, while commands and replies are lost, doubled and late. */
export const storeLaws = (adapter: RefusingAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => {
  if (adapter.features.store !== true) return [];
  return [...(adapter.features.guarded === true ? [] : resendLaws(adapter, spec)), ...outageLaws(adapter, spec)];
};

const resendLaws = (adapter: RefusingAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => [
  made(adapter, spec, {
    id: "L-2",
    part: "store",
    kind: "S",
    title: "a store that loses its data, or fails over to a clock that is ahead, grants at most one capacity more",
    operations: [
      ...lossy(adapter, spec),
      weighted(1, fc.constant<Operation<StoreTrial>>({ text: "the store restarts empty", run: (trial) => trial.wipe() })),
      weighted(1, failoverOperation(spec)),
    ],
    check: (trial) => trial.expectBound(spec.declaredBound ?? spec.bound),
    compares: false,
  }),
  made(adapter, spec, {
    id: "L-19",
    kind: "S",
    title: "an attempt is charged once, however often it is sent",
    operations: [...lossy(adapter, spec), weighted(2, againOperation(spec))],
    check: () => undefined,
    compares: true,
  }),
];

const outageLaws = (adapter: RefusingAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => {
  const { outage } = spec;
  return outage === undefined
    ? []
    : [
        made(adapter, spec, {
          id: "L-18",
          kind: "V",
          title: "with the store away each call has its decision in time, and no more passes than declared",
          operations: failing(adapter, spec),
          check: (trial) => {
            trial.expectDecisions(outage.decisionWithinMs);
            trial.expectBound(outage.bound);
          },
          compares: false,
        }),
      ];
};

interface StoreLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly operations: Operations;
  readonly check: (trial: StoreTrial) => void;
  /** The twin's store has not lost its data, so it is asked only where data stay. */
  readonly compares: boolean;
}

const made = (adapter: RefusingAdapter, spec: RateLimiterSpec, { operations, check, compares, ...head }: StoreLaw): Law =>
  lawOf<StoreTrial>({
    ...head,
    target: adapter.name,
    laboratory: adapter.laboratory,
    operations: operations.map(({ weight, arbitrary }) => ({ weight, arbitrary: arbitrary.map((operation) => checked(operation, check)) })),
    runsRatio: adapter.features.slow ? 0.5 : 1,
    start: (laboratory) => StoreTrial.start(adapter, spec, laboratory, compares),
    dispose: (trial) => trial.dispose(),
  });

const checked = (operation: Operation<StoreTrial>, check: (trial: StoreTrial) => void): Operation<StoreTrial> => ({
  ...operation,
  run: async (trial) => {
    await operation.run(trial);
    check(trial);
  },
});

const FAULTS: ReadonlyArray<readonly [string, CommandFault | undefined]> = [
  ["", undefined],
  [", the request is lost", "dropRequest"],
  [", the reply is lost", "dropReply"],
  [", the command comes twice", "duplicate"],
];

const lossy = (adapter: RefusingAdapter, spec: RateLimiterSpec): Operations => [
  weighted(
    5,
    fc
      .tuple(fc.constantFrom(...FAULTS), fc.nat({ max: (adapter.features.nodes ?? 1) - 1 }), fc.constantFrom(1, 1, 2, spec.limit))
      .map(([[text, fault], node, cost]) => ({
        text: `attempt at node ${node}${cost === 1 ? "" : `, cost ${cost}`}${text}`,
        run: (trial) => trial.attempt(node, cost, fault),
      })),
  ),
  weighted(3, tick([1, Math.ceil(spec.windowMs / spec.limit), spec.windowMs])),
];

const againOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<StoreTrial>> =>
  fc.nat({ max: 5 }).map((index) => {
    const among = (trial: StoreTrial) => trial.calls.filter((call) => trial.nowMs - call.askedAtMs < (spec.remembersMs ?? 0));
    return {
      text: "an earlier attempt comes again",
      possible: (trial) => among(trial).length > 0,
      run: async (trial) => {
        const calls = among(trial);
        const call = calls[index % calls.length];
        if (call !== undefined) await trial.again(call);
      },
    };
  });

/** Another server takes over with all data, and its own clock. */
const failoverOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<StoreTrial>> =>
  fc.constantFrom(spec.windowMs, 3_600_000, -spec.windowMs, -3_600_000, -1, 1).map((ms) => ({
    text: `failover to a clock ${spanText(Math.abs(ms))} ${ms > 0 ? "ahead" : "behind"}`,
    run: (trial) => trial.failOver(ms),
  }));

const failing = (adapter: RefusingAdapter, spec: RateLimiterSpec): Operations => {
  const decisionMs = spec.outage?.decisionWithinMs ?? 1;
  return [
    weighted(
      5,
      fc.nat({ max: (adapter.features.nodes ?? 1) - 1 }).map((node) => ({ text: `call at node ${node}`, run: (trial) => trial.ask(node) })),
    ),
    weighted(3, tick([1, Math.ceil(spec.windowMs / spec.limit), decisionMs + 1, spec.windowMs])),
    weighted(
      2,
      fc.constantFrom<StoreState>("refusing", "silent", "up").map((state) => becomes(state)),
    ),
    weighted(
      1,
      fc.constantFrom(0, Math.ceil(decisionMs / 2), 10 * decisionMs).map((ms) => ({
        text: ms === 0 ? "the store is fast again" : `each reply takes ${spanText(ms)}`,
        run: (trial) => {
          trial.laboratory.store.slowMs = ms;
        },
      })),
    ),
  ];
};

const becomes = (state: StoreState): Operation<StoreTrial> => ({
  text: state === "up" ? "the store is back" : `the store is ${state}`,
  run: (trial) => {
    trial.laboratory.store.state = state;
  },
});

const tick = (lengthsMs: ReadonlyArray<number>): fc.Arbitrary<Operation<StoreTrial>> =>
  fc.constantFrom(...lengthsMs).map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial) => trial.laboratory.advance(ms) }));
