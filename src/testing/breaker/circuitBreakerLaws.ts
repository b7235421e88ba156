import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { LawBroken } from "../LawBroken.ts";
import { weighted } from "../Operation.ts";
import type { WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { CircuitBreakerSpec, TripRule } from "./BreakerSpec.ts";
import {
  abortWaitingOperation,
  burstOperation,
  callOperation,
  hookOperation,
  idleOperation,
  LONG_GAPS_MS,
  reenterOperation,
  restoreOperation,
  runOfSamplesOperation,
  sampleOperation,
  settleAgainOperation,
  settleOperation,
  stepOperation,
  throwAtOnceOperation,
  tickOperation,
  usualOperations,
} from "./BreakerOperations.ts";
import { BreakerTrial } from "./BreakerTrial.ts";
import type { BreakerWatch, Transition } from "./BreakerTrial.ts";
import type { BreakerFeatures, CircuitBreakerAdapter, Phase } from "./CircuitBreakerAdapter.ts";
import { failuresToTrip, mayTrip, mustTrip } from "./TripEvidence.ts";

type Operations = ReadonlyArray<WeightedOperation<BreakerTrial>>;

interface BreakerLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (features: BreakerFeatures, spec: CircuitBreakerSpec) => boolean;
  readonly operations: (spec: CircuitBreakerSpec, nodes: number, features: BreakerFeatures) => Operations;
  readonly watch: BreakerWatch;
  readonly quiesce?: (trial: BreakerTrial) => Promise<void> | void;
  readonly spec?: (spec: CircuitBreakerSpec) => CircuitBreakerSpec;
  /** The same law in a world that spares the breaker what it is declared not to bear. */
  readonly weaker?: (operations: Operations) => Operations;
}

/**
 * The laws that apply to a breaker, each ready to be checked.
 *
 * @example
 * for (const law of circuitBreakerLaws(adapter)) test(law.title, () => law.check());
 */
export const circuitBreakerLaws = (adapter: CircuitBreakerAdapter, spec: CircuitBreakerSpec = adapter.spec): ReadonlyArray<Law> => [
  ...LAWS.filter((law) => law.applies?.(adapter.features, spec) ?? true).map((law) => applied(law, adapter, spec)),
  reachability(adapter, spec),
];

const applied = (law: BreakerLaw, adapter: CircuitBreakerAdapter, given: CircuitBreakerSpec): Law => {
  const spec = law.spec?.(given) ?? given;
  const operations = law.operations(spec, adapter.features.nodes ?? 1, adapter.features);
  const full = lawOf(setup(law, adapter, spec, operations));
  const declared = adapter.declared?.[law.part === undefined ? law.id : `${law.id} ${law.part}`] ?? adapter.declared?.[law.id];
  if (declared === undefined || law.weaker === undefined) return full;
  return lawOf({ ...setup(law, adapter, spec, law.weaker(operations)), declared, full });
};

const setup = (law: BreakerLaw, adapter: CircuitBreakerAdapter, spec: CircuitBreakerSpec, operations: Operations) => ({
  id: law.id,
  ...(law.part === undefined ? {} : { part: law.part }),
  kind: law.kind,
  title: law.title,
  target: adapter.name,
  laboratory: adapter.laboratory,
  operations,
  start: (laboratory: Parameters<typeof BreakerTrial.start>[2]) => BreakerTrial.start(adapter, spec, laboratory, law.watch),
  ...(law.quiesce === undefined ? {} : { quiesce: law.quiesce }),
  dispose: (trial: BreakerTrial) => trial.dispose(),
});

const without =
  (...words: ReadonlyArray<string>) =>
  (operations: Operations): Operations =>
    operations.map(({ weight, arbitrary }) => ({
      weight,
      arbitrary: arbitrary.map((operation) =>
        words.some((word) => operation.text.startsWith(word)) ? { ...operation, possible: () => false } : operation,
      ),
    }));

const usual = (spec: CircuitBreakerSpec): Operations => usualOperations(spec.openForMs);

/** For laws that clocks have no part in, so that a counterexample to another law is not reported under theirs. */
const unclocked = (spec: CircuitBreakerSpec): Operations => usual(spec).slice(0, 3);

const withBursts = (spec: CircuitBreakerSpec): Operations => [
  ...unclocked(spec),
  weighted(1, burstOperation(1)),
  weighted(1, reenterOperation()),
];

/** Time and outcomes of windows: whole samples, long gaps. */
const idling = (spec: CircuitBreakerSpec, _nodes: number, features: BreakerFeatures): Operations => [
  weighted(3, sampleOperation()),
  weighted(2, runOfSamplesOperation(12)),
  weighted(2, tickOperation(spec.openForMs)),
  weighted(2, idleOperation(features.polling ? [20_000, 60_000] : [20_000, ...LONG_GAPS_MS])),
];

const transition = (from: Phase, to: Phase, check: (change: Transition, trial: BreakerTrial) => void): BreakerWatch => ({
  onTransition: (change, trial) => {
    if (change.from === from && change.to === to) check(change, trial);
  },
});

const byProbeOfEpoch = (change: Transition, outcome: "success" | "failure"): boolean =>
  change.cause.kind === "settle" &&
  change.cause.outcome === outcome &&
  change.cause.call.phase === "halfOpen" &&
  change.cause.call.epoch === change.epoch;

const causeText = (change: Transition): string =>
  change.cause.kind === "settle"
    ? `the ${change.cause.outcome} of call ${change.cause.call.number}, admitted while ${change.cause.call.phase} ${change.epoch - change.cause.call.epoch} phase changes before`
    : change.cause.what;

const openedFor = (trial: BreakerTrial): number => trial.nowMs - trial.phaseSinceMs;

type OnRest = NonNullable<BreakerWatch["onRest"]>;

/** Failures alone open it. A share may be taken of calls that started: then those in flight have to fail too. */
const opensByFailures: OnRest = (trial) => {
  const samples = trial.samplesSinceClosed();
  const enough = failuresToTrip(trial.spec.trip) + trial.live().length;
  trial.expect(
    trial.phase !== "closed" ||
      samples.some((sample) => !sample.failed) ||
      trial.samplesOfEpoch().length < enough ||
      !mustTrip(trial.spec.trip, samples, trial.nowMs),
    `all ${samples.length} outcomes since it closed are failures: it must be open`,
  );
};

/** Slots are given back, and callers have their answers. */
const nothingLost =
  (by: string): OnRest =>
  (trial) => {
    const last = trial.calls.at(-1);
    trial.expect(
      last === undefined ||
        last.state !== "refused" ||
        last.askedAtMs !== trial.nowMs ||
        trial.phase !== "halfOpen" ||
        trial.leasedProbes().length > 0,
      `half-open, no probe runs: call ${last?.number} must be let through, ${by}`,
    );
    const lost = trial.calls.find((call) => call.state === "settled" && !call.answered);
    trial.expect(lost === undefined, `call ${lost?.number} ended: its caller must have the answer, ${by}`);
  };

const LAWS: ReadonlyArray<BreakerLaw> = [
  {
    id: "B-1",
    kind: "S",
    title: "no call starts while open, until the open time has truly passed",
    operations: usual,
    watch: {
      onStart: (_call, trial) => {
        const left = openLeftMs(trial);
        trial.expect(
          left <= 0,
          `no call starts before the breaker has been open for ${spanText(trial.spec.openForMs)}; ${left} ms are left`,
        );
      },
    },
    weaker: without("step"),
  },
  {
    id: "B-2",
    kind: "S",
    title: "half-open lets no more probes run at once than declared",
    operations: withBursts,
    watch: {
      onStart: (_call, trial) => {
        const probes = trial.leasedProbes().length;
        trial.expect(probes <= (trial.spec.probes ?? 1), `at most ${trial.spec.probes ?? 1} probes run at once; ${probes} do`);
      },
    },
  },
  {
    id: "B-3",
    kind: "S",
    title: "half-open closes only by the success of a probe of this half-open phase",
    operations: unclocked,
    watch: transition("halfOpen", "closed", (change, trial) =>
      trial.expect(
        byProbeOfEpoch(change, "success"),
        `only the success of a probe of this phase closes the breaker; it closed by ${causeText(change)}`,
      ),
    ),
  },
  {
    id: "B-4",
    kind: "S",
    title: "half-open opens only by the failure of a probe of this half-open phase",
    operations: unclocked,
    watch: transition("halfOpen", "open", (change, trial) =>
      trial.expect(
        byProbeOfEpoch(change, "failure"),
        `only the failure of a probe of this phase opens the breaker; it opened by ${causeText(change)}`,
      ),
    ),
  },
  {
    id: "B-5",
    kind: "S",
    title: "closed opens only by outcomes of calls admitted since it closed",
    operations: unclocked,
    watch: transition("closed", "open", (change, trial) => {
      const samples = trial.samplesOfEpoch();
      trial.expect(
        mayTrip(trial.spec.trip, samples, trial.nowMs),
        `the ${samples.length} outcomes of calls admitted since the breaker closed (${samples.filter((one) => one.failed).length} failures) are no reason to open; it opened by ${causeText(change)}`,
      );
    }),
  },
  {
    id: "B-6",
    kind: "S",
    title: "calls that did not reach the backend count neither for nor against it",
    applies: (features) => features.ignoring === true,
    operations: (spec) => [...withBursts(spec), weighted(4, settleOperation(["ignored"]))],
    watch: {
      ...transition("closed", "open", (change, trial) =>
        trial.expect(
          mayTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs),
          `without the calls that were rejected or left out of account, ${trial.samplesOfEpoch().length} outcomes are no reason to open; it opened by ${causeText(change)}`,
        ),
      ),
      onRest: (trial) =>
        trial.expect(
          trial.phase !== "closed" ||
            trial.cause.kind !== "settle" ||
            trial.cause.outcome === "ignored" ||
            !mustTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs),
          "rejections and calls left out of account do not dilute the failures: it must be open",
        ),
    },
  },
  {
    id: "B-7",
    kind: "S",
    title: "the window is empty when it closes",
    operations: unclocked,
    watch: transition("closed", "open", (_change, trial) => {
      const fresh = trial.samplesSinceClosed();
      trial.expect(
        fresh.length >= failuresToTrip(trial.spec.trip),
        `after it closed, ${failuresToTrip(trial.spec.trip)} new outcomes at least are needed to open again; ${fresh.length} came in`,
      );
    }),
  },
  {
    id: "B-8",
    kind: "S",
    title: "no more executions at once than declared, also after callers were told that theirs timed out",
    applies: (features) => features.bulkhead === true,
    operations: withBursts,
    watch: {
      onStart: (_call, trial) => {
        const running = trial.live().length;
        trial.expect(running <= (trial.spec.capacity ?? Infinity), `at most ${trial.spec.capacity} executions at once; ${running} run`);
      },
    },
  },
  {
    id: "B-9",
    kind: "S",
    title: "a probe that is left out of account gives its slot back and decides nothing",
    applies: (features) => features.ignoring === true,
    operations: (spec) => [...unclocked(spec), weighted(3, settleOperation(["ignored"]))],
    watch: {
      onTransition: (change, trial) =>
        trial.expect(
          change.cause.kind !== "settle" || change.cause.outcome !== "ignored",
          `an outcome left out of account changes no phase; ${change.from} became ${change.to}`,
        ),
      onRefused: (call, trial) =>
        trial.expect(
          trial.phase !== "halfOpen" || trial.leasedProbes().length >= (trial.spec.probes ?? 1) || trial.leasedProbes().length > 0,
          `half-open, no probe runs: call ${call.number} must be let through`,
        ),
    },
  },
  {
    id: "B-10",
    kind: "V",
    title: "after the open time the next call is let through, whatever clocks do",
    operations: usual,
    watch: {
      onRefused: (call, trial) =>
        trial.expect(
          trial.phase !== "open" || openedFor(trial) < trial.spec.openForMs,
          `open for ${spanText(openedFor(trial))} of true time, with an open time of ${spanText(trial.spec.openForMs)}: call ${call.number} must be let through`,
        ),
    },
    weaker: without("step"),
  },
  {
    id: "B-11",
    kind: "V",
    title: "a probe that hangs holds its slot no longer than its lease",
    operations: (spec, _nodes, features) => [
      ...unclocked(spec),
      weighted(1, idleOperation([features.polling ? Math.min(spec.probeLeaseMs, 60_000) : spec.probeLeaseMs])),
    ],
    watch: {
      onRest: (trial) => {
        const stuck =
          trial.phase === "halfOpen" ? trial.calls.find((call) => call.askedAtMs === trial.nowMs && notServed(call.state)) : undefined;
        const probes = trial.liveProbes();
        trial.expect(
          stuck === undefined || probes.length === 0 || probes.some((probe) => trial.nowMs - probe.startedAtMs < trial.spec.probeLeaseMs),
          `the probe has been running for ${spanText(trial.spec.probeLeaseMs)} or more: call ${stuck?.number} must be let through in its place`,
        );
      },
    },
    weaker: without("idle"),
  },
  {
    id: "B-11",
    part: "throws",
    kind: "V",
    title: "a call that throws at once has failed, and holds no slot",
    applies: (features) => features.permits !== true,
    operations: (spec) => [...unclocked(spec), weighted(2, throwAtOnceOperation())],
    watch: {
      onRest: (trial) => {
        // Other failures are another law's matter.
        if (trial.transitions.length === 0 && trial.calls.every((call) => call.threw)) opensByFailures(trial);
        nothingLost("when a call throws at once")(trial);
      },
    },
  },
  {
    id: "B-12",
    kind: "V",
    title: "enough failures open it",
    operations: unclocked,
    watch: { onRest: opensByFailures },
  },
  {
    id: "B-13",
    part: "abort",
    kind: "V",
    title: "a waiting caller that gives up has its answer at once",
    applies: (features) => features.aborting === true,
    operations: (spec) => [...unclocked(spec), weighted(2, abortWaitingOperation())],
    watch: {
      onRest: (trial) => {
        const stuck = trial.waiting().find((call) => call.aborted && !call.answered);
        trial.expect(stuck === undefined, `call ${stuck?.number} was aborted while it waited: its caller must have an answer now`);
      },
    },
  },
  {
    id: "B-13",
    part: "herd",
    kind: "V",
    title: "closing does not release all who waited at once",
    applies: (features) => features.aborting === true,
    operations: withBursts,
    watch: {
      onRest: (trial) => {
        const released = trial.calls.filter((call) => call.waited && call.startedAtMs === trial.nowMs).length;
        trial.expect(
          released <= trial.spec.releasedAtOnce,
          `at most ${trial.spec.releasedAtOnce} waiting calls start in the instant of closing; ${released} did`,
        );
      },
    },
  },
  {
    id: "B-14",
    kind: "S",
    title: "export and restore keep the phase and the remaining open time",
    applies: (features) => features.restoring === true,
    operations: (spec) => [...unclocked(spec), weighted(2, restoreOperation())],
    watch: {
      onTransition: (change, trial) =>
        trial.expect(
          change.cause.kind === "settle" || change.cause.what !== "restore",
          `restoring keeps the phase; ${change.from} became ${change.to}`,
        ),
      onStart: (_call, trial) => {
        const left = openLeftMs(trial);
        trial.expect(
          left <= 0,
          `no call starts before the breaker has been open for ${spanText(trial.spec.openForMs)}; ${left} ms are left`,
        );
      },
      onRefused: (call, trial) =>
        trial.expect(
          trial.phase !== "open" || openedFor(trial) < trial.spec.openForMs,
          `open for ${spanText(openedFor(trial))} of true time: call ${call.number} must be let through`,
        ),
    },
    weaker: without("export, restart with"),
  },
  {
    id: "B-16",
    kind: "S",
    title: "a second outcome for one permit changes nothing",
    applies: (features) => features.permits === true,
    operations: (spec) => [...unclocked(spec), weighted(2, settleAgainOperation())],
    watch: {
      onTransition: (change, trial) =>
        trial.expect(
          change.cause.kind === "settle" || change.cause.what !== "second outcome",
          `a second outcome changes no phase; ${change.from} became ${change.to}`,
        ),
      onRest: (trial) =>
        trial.expect(
          trial.phase !== "closed" || trial.cause.kind !== "settle" || !mustTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs),
          "outcomes reported twice count once: it must be open",
        ),
    },
  },
  {
    id: "B-17",
    kind: "S",
    title: "a hook that throws changes nothing",
    applies: (features) => features.hooks === true,
    operations: (spec) => [...unclocked(spec), weighted(1, hookOperation())],
    watch: {
      onRest: (trial) => {
        trial.expect(
          trial.phase !== "closed" || trial.cause.kind !== "settle" || !mustTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs),
          "the failures are reason enough, whatever hooks do: it must be open",
        );
        nothingLost("whatever hooks do")(trial);
      },
    },
  },
  {
    id: "B-18",
    kind: "S",
    title: "only legal transitions happen",
    operations: unclocked,
    watch: {
      onTransition: (change, trial) =>
        trial.expect(
          LEGAL.has(`${change.from} ${change.to}`) || forgotten(change, trial),
          `${change.from} never becomes ${change.to}; it did by ${causeText(change)}`,
        ),
    },
  },
  {
    id: "B-19",
    part: "stale failures",
    kind: "S",
    title: "failures older than the window do not open it",
    operations: idling,
    watch: transition("closed", "open", (_change, trial) =>
      trial.expect(
        mayTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs),
        `the outcomes of the last ${windowText(trial.spec.trip)} are no reason to open`,
      ),
    ),
    applies: (_features, spec) => hasTimeWindow(spec.trip),
  },
  {
    id: "B-19",
    part: "stale successes",
    kind: "S",
    title: "successes older than the window do not keep it closed",
    operations: idling,
    watch: {
      onRest: (trial) =>
        trial.expect(
          trial.phase !== "closed" ||
            trial.cause.kind !== "settle" ||
            trial.cause.outcome !== "failure" ||
            !mustTrip(trial.spec.trip, trial.samplesOfEpoch(), trial.nowMs) ||
            // Whether outcomes from before it closed count is another law's matter.
            !mustTrip(trial.spec.trip, trial.samples, trial.nowMs),
          `the outcomes of the last ${windowText(trial.spec.trip)} are reason enough: it must be open`,
        ),
    },
    applies: (_features, spec) => hasTimeWindow(spec.trip),
  },
  {
    id: "B-20",
    kind: "S",
    title: "nodes that share a breaker let through one round of probes together",
    applies: (features) => (features.nodes ?? 1) > 1,
    operations: (spec, nodes) => [
      weighted(4, callOperation(nodes)),
      weighted(1, burstOperation(nodes)),
      weighted(4, settleOperation(["success", "failure"])),
      weighted(3, tickOperation(spec.openForMs)),
      weighted(1, stepOperation(nodes)),
    ],
    watch: {
      onStart: (_call, trial) => {
        const probes = trial.leasedProbes().length;
        trial.expect(probes <= (trial.spec.probes ?? 1), `all nodes together run at most ${trial.spec.probes ?? 1} probes; ${probes} run`);
      },
    },
  },
];

const LEGAL: ReadonlySet<string> = new Set(["closed open", "open halfOpen", "halfOpen closed", "halfOpen open"]);

const forgotten = (change: Transition, trial: BreakerTrial): boolean =>
  change.to === "closed" && trial.spec.forgottenAfterMs !== undefined && openedFor(trial) >= trial.spec.forgottenAfterMs;

const notServed = (state: string): boolean => state === "waiting" || state === "refused";

const openLeftMs = (trial: BreakerTrial): number => {
  const opening = trial.transitions.findLast((change) => change.to === "open");
  if (opening === undefined) return 0;
  const closedSince = trial.transitions.some(
    (change) => change.to === "closed" && change.from === "halfOpen" && change.epoch > opening.epoch,
  );
  return closedSince ? 0 : trial.spec.openForMs - (trial.nowMs - opening.atMs);
};

const hasTimeWindow = (trip: TripRule): boolean => "rate" in trip && "ms" in trip.rate.window;

const windowText = (trip: TripRule): string => ("rate" in trip && "ms" in trip.rate.window ? spanText(trip.rate.window.ms) : "window");

const anyTrip: fc.Arbitrary<TripRule> = fc.oneof(
  fc.integer({ min: 1, max: 20 }).map((consecutive) => ({ consecutive })),
  fc
    .record({
      size: fc.integer({ min: 1, max: 50 }),
      thresholdRatio: fc.constantFrom(0.01, 0.1, 0.5, 0.9, 0.99, 1),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ size, thresholdRatio, share }) => ({
      rate: {
        thresholdRatio,
        comparison: "at-or-over" as const,
        minCalls: Math.max(1, Math.ceil(size * share)),
        window: { calls: size },
      },
    })),
);

/** B-15: one operation tries a whole configuration; the list has one element because nothing is shared between configurations. */
const reachability = (adapter: CircuitBreakerAdapter, spec: CircuitBreakerSpec): Law =>
  lawOf<BreakerTrial>({
    id: "B-15",
    kind: "V",
    title: "in every configuration that it accepts, failures alone open it and successes alone close it",
    target: adapter.name,
    laboratory: adapter.laboratory,
    maxOperations: 1,
    runsRatio: 0.1,
    operations: [
      weighted(
        1,
        fc.record({ trip: anyTrip, probes: fc.constantFrom(1, 2, 5), successesNeeded: fc.constantFrom(1, 2, 5) }).map((settings) => ({
          text: `configuration ${JSON.stringify(settings)}`,
          run: (trial: BreakerTrial) => reach(adapter, { ...spec, ...settings }, trial),
        })),
      ),
    ],
    start: (laboratory) => BreakerTrial.start(adapter, spec, laboratory, {}),
    dispose: (trial) => trial.dispose(),
  });

const MOST_SAMPLES = 200;

const reach = async (adapter: CircuitBreakerAdapter, spec: CircuitBreakerSpec, outer: BreakerTrial): Promise<void> => {
  let trial: BreakerTrial;
  try {
    trial = await BreakerTrial.start(adapter, spec, outer.laboratory, {});
  } catch {
    outer.laboratory.note("refused by the breaker");
    return;
  }
  try {
    const opened = await repeatUntil(trial, "failure", "open");
    if (!opened) throw new LawBroken(`${MOST_SAMPLES} failures and nothing else must open it`);
    await trial.advance(spec.openForMs);
    if (!(await repeatUntil(trial, "success", "closed")))
      throw new LawBroken(`${MOST_SAMPLES} successes after the open time must close it`);
  } finally {
    trial.dispose();
  }
};

const repeatUntil = async (trial: BreakerTrial, outcome: "success" | "failure", phase: Phase): Promise<boolean> => {
  for (let sample = 0; sample < MOST_SAMPLES; sample++) {
    if (trial.phase === phase) return true;
    await trial.call(0);
    const call = trial.calls.at(-1);
    if (call?.state === "live") await trial.settle(call, outcome);
  }
  return trial.phase === phase;
};
