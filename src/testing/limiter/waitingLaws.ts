import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import { boundText, mostWithin } from "./Bound.ts";
import type { Bound } from "./Bound.ts";
import type { BulkheadAdapter, WaitingAdapter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";
import { WaitingTrial } from "./WaitingTrial.ts";
import type { Job, WaitingWatch } from "./WaitingTrial.ts";

type Operations = ReadonlyArray<WeightedOperation<WaitingTrial>>;

/** The laws for limiters that start jobs when their turn comes. */
export const waitingLaws = (adapter: WaitingAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => {
  const full = made(
    adapter,
    spec,
    { id: "L-1", kind: "S", title: "no interval of true time sees more starts than the bound" },
    paced(spec, adapter),
    {
      onStart: starts(spec.bound),
    },
  );
  return [
    spec.declaredBound === undefined
      ? full
      : lawOf({
          ...setup(adapter, spec, { id: "L-1", kind: "S", title: full.title.slice(4) }, paced(spec, adapter), {
            onStart: starts(spec.declaredBound),
          }),
          declared: `at most ${boundText(spec.declaredBound)}`,
          full,
        }),
    made(
      adapter,
      spec,
      { id: "L-12", kind: "V", title: "a job starts in its time, and those given up take no place" },
      paced(spec, adapter),
      {
        onRest: inTime,
      },
    ),
    made(adapter, spec, { id: "L-17", kind: "V", title: "first in, first out" }, paced(spec, adapter), { onRest: inOrder }),
    ...(spec.maxWaiting === undefined
      ? []
      : [
          made(
            adapter,
            spec,
            { id: "L-17", part: "bounded", kind: "V", title: "no more jobs wait than declared, and who gave up frees a place at once" },
            paced(spec, adapter),
            { onRest: bounded(spec.maxWaiting) },
          ),
        ]),
  ];
};

/** The laws for limiters of concurrency. */
export const bulkheadLaws = (adapter: BulkheadAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => [
  made(adapter, spec, { id: "L-5", kind: "S", title: "no more jobs run at once than there are slots" }, bulk(adapter), {
    onStart: (_job, trial) =>
      trial.expect(trial.running().length <= trial.slots, `at most ${trial.slots} jobs run at once; ${trial.running().length} do`),
  }),
  made(adapter, spec, { id: "L-17", kind: "V", title: "first in, first out, and who was taken into the queue is served" }, bulk(adapter), {
    onRest: inOrder,
  }),
];

interface Head {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
}

const made = (
  adapter: WaitingAdapter | BulkheadAdapter,
  spec: RateLimiterSpec,
  head: Head,
  operations: Operations,
  watch: WaitingWatch,
): Law => lawOf(setup(adapter, spec, head, operations, watch));

const setup = (
  adapter: WaitingAdapter | BulkheadAdapter,
  spec: RateLimiterSpec,
  head: Head,
  operations: Operations,
  watch: WaitingWatch,
) => ({
  ...head,
  target: adapter.name,
  laboratory: adapter.laboratory,
  operations,
  start: (laboratory: Parameters<typeof WaitingTrial.start>[2]) => WaitingTrial.start(adapter, spec, laboratory, watch),
  dispose: (trial: WaitingTrial) => trial.dispose(),
});

const starts =
  (bound: Bound): NonNullable<WaitingWatch["onStart"]> =>
  (_job, trial) => {
    for (const [index, atMs] of trial.startsMs.entries()) {
      const count = trial.startsMs.length - index;
      const most = mostWithin(bound, trial.nowMs - atMs);
      trial.expect(
        count <= most + 1e-6,
        `at most ${most} starts within ${trial.nowMs - atMs} ms (${boundText(bound)}); there were ${count}`,
      );
    }
  };

/** Timers may be late by a few ms. */
const SLACK_MS = 5;

/** After a whole window without a start nothing that was spent still counts. */
const inTime = (trial: WaitingTrial): void => {
  const head = trial.waiting().find((job) => !job.aborted);
  if (head === undefined) return;
  const quietMs = trial.nowMs - Math.max(head.submittedAtMs, trial.startsMs.at(-1) ?? 0);
  trial.expect(
    quietMs < trial.spec.windowMs + SLACK_MS,
    `nothing started for ${spanText(quietMs)}, and ${spanText(trial.spec.windowMs)} are enough: job ${head.number} must start`,
  );
};

const inOrder = (trial: WaitingTrial): void => {
  const lost = trial.jobs.find((job) => job.accepted && job.state === "refused" && !job.aborted);
  trial.expect(lost === undefined, `job ${lost?.number} had been taken into the queue: it must not be refused any more`);
  const first = trial.jobs.find((job) => job.accepted && job.state === "waiting" && !job.aborted);
  const overtaking =
    first === undefined ? undefined : trial.jobs.find((job) => job.number > first.number && Number.isFinite(job.startedAtMs));
  trial.expect(overtaking === undefined, `job ${first?.number} came before job ${overtaking?.number} and must start before it`);
};

const bounded = (most: number): NonNullable<WaitingWatch["onRest"]> => {
  const seen = new WeakMap<WaitingTrial, number>();
  return (trial) => {
    const waiting = trial.waiting().filter((job) => !job.aborted).length;
    trial.expect(waiting <= most, `at most ${most} jobs wait; ${waiting} do`);
    const turnedAway = trial.jobs.slice(seen.get(trial) ?? 0).find((job) => job.state === "refused");
    trial.expect(
      turnedAway === undefined || waiting === most,
      `${waiting} of ${most} places are taken: job ${turnedAway?.number} must not be refused`,
    );
    seen.set(trial, trial.jobs.length);
  };
};

const paced = (spec: RateLimiterSpec, adapter: WaitingAdapter): Operations => [
  weighted(4, submitOperation(spec)),
  weighted(4, tickOperation(spec)),
  weighted(
    1,
    fc.constantFrom(spec.windowMs, 3 * spec.windowMs).map((ms) => ({
      text: `the process is frozen for ${spanText(ms)}`,
      run: (trial: WaitingTrial) => trial.pause(ms),
    })),
  ),
  ...(adapter.features.aborting ? [weighted(2, abortOperation())] : []),
];

const bulk = (adapter: BulkheadAdapter): Operations => [
  weighted(4, fc.constant<Operation<WaitingTrial>>({ text: "job", run: (trial) => trial.submit() })),
  weighted(4, endOperation()),
  ...(adapter.features.aborting ? [weighted(1, abortOperation())] : []),
];

const submitOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<WaitingTrial>> =>
  fc.constantFrom(1, 2, spec.limit, spec.limit + 1, 2 * spec.limit + 1).map((count) => ({
    text: count === 1 ? "job" : `${count} jobs at once`,
    run: (trial) => trial.submit(count),
  }));

const tickOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<WaitingTrial>> =>
  fc
    .oneof(
      fc.constantFrom(spec.windowMs, spec.windowMs - 1, 1, spec.windowMs + 10, Math.ceil(spec.windowMs / 2)),
      fc.integer({ min: 1, max: 2 * spec.windowMs }),
    )
    .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial) => trial.advance(ms) }));

const abortOperation = (): fc.Arbitrary<Operation<WaitingTrial>> =>
  fc.nat({ max: 3 }).map((index) => ({
    text: "abort",
    possible: (trial) => abortable(trial).length > 0,
    run: async (trial) => {
      const jobs = abortable(trial);
      const job = jobs[index % jobs.length];
      if (job !== undefined) await trial.abort(job);
    },
  }));

const abortable = (trial: WaitingTrial): ReadonlyArray<Job> => trial.waiting().filter((job) => !job.aborted);

const endOperation = (): fc.Arbitrary<Operation<WaitingTrial>> =>
  fc
    .record({ index: fc.nat({ max: 3 }), microtasks: fc.nat({ max: 4 }), arrivals: fc.nat({ max: 3 }) })
    .map(({ index, microtasks, arrivals }) => ({
      text: arrivals === 0 ? "end" : `end, ${arrivals} arrive ${microtasks} microtasks later`,
      possible: (trial) => trial.running().length > 0,
      run: async (trial) => {
        const running = trial.running();
        const job = running[index % running.length];
        if (job !== undefined) await trial.endAndArrive(job, microtasks, arrivals);
      },
    }));
