import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import { boundText, mostWithin } from "./Bound.ts";
import type { Bound } from "./Bound.ts";
import {
  driftOperation,
  honorHintOperation,
  hurryHintOperation,
  idleOperation,
  lateReadingOperation,
  ODD_COSTS,
  oddCostOperation,
  reconfigureOperation,
  risingLoadOperation,
  stepOperation,
  tickOperation,
  trainOperation,
  usualOperations,
} from "./LimiterOperations.ts";
import { LimiterTrial } from "./LimiterTrial.ts";
import type { Asked, LimiterWatch } from "./LimiterTrial.ts";
import type { LimiterFeatures, RefusingAdapter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";
import { storeLaws } from "./storeLaws.ts";

type Operations = ReadonlyArray<WeightedOperation<LimiterTrial>>;

interface LimiterLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (features: LimiterFeatures, spec: RateLimiterSpec) => boolean;
  readonly operations: (features: LimiterFeatures, spec: RateLimiterSpec) => Operations;
  readonly watch: (bound: Bound) => LimiterWatch;
  readonly runsRatio?: number;
  readonly maxOperations?: number;
  /** What it is spared in the declared form; the bound changes by itself. */
  readonly spared?: ReadonlyArray<string>;
  /** What it does instead in the declared form. */
  readonly weaker?: (features: LimiterFeatures, spec: RateLimiterSpec) => Operations;
}

/** The laws for limiters that answer at once. */
export const refusingLaws = (adapter: RefusingAdapter, spec: RateLimiterSpec): ReadonlyArray<Law> => [
  ...LAWS.filter((law) => law.applies?.(adapter.features, spec) ?? true).map((law) => applied(law, adapter, spec)),
  ...storeLaws(adapter, spec),
];

const applied = (law: LimiterLaw, adapter: RefusingAdapter, spec: RateLimiterSpec): Law => {
  const operations = law.operations(adapter.features, spec);
  const full = lawOf(setup(law, adapter, spec, operations, spec.bound));
  const weakBound = law.id === "L-1" ? spec.declaredBound : undefined;
  const declared = adapter.declared?.[law.part === undefined ? law.id : `${law.id} ${law.part}`] ?? adapter.declared?.[law.id];
  if (weakBound === undefined && (declared === undefined || (law.spared ?? law.weaker) === undefined)) return full;
  const weaker = declared === undefined ? operations : (law.weaker?.(adapter.features, spec) ?? spare(operations, law.spared ?? []));
  const words = [declared, weakBound === undefined ? undefined : `at most ${boundText(weakBound)}`].filter((word) => word !== undefined);
  return lawOf({ ...setup(law, adapter, spec, weaker, weakBound ?? spec.bound), declared: words.join("; "), full });
};

const setup = (law: LimiterLaw, adapter: RefusingAdapter, spec: RateLimiterSpec, operations: Operations, bound: Bound) => ({
  id: law.id,
  ...(law.part === undefined ? {} : { part: law.part }),
  kind: law.kind,
  title: law.title,
  target: adapter.name,
  laboratory: adapter.laboratory,
  operations,
  runsRatio: (law.runsRatio ?? 1) * (adapter.features.slow ? 0.2 : 1),
  ...(law.maxOperations === undefined ? {} : { maxOperations: law.maxOperations }),
  start: (laboratory: Parameters<typeof LimiterTrial.start>[2]) => LimiterTrial.start(adapter, spec, laboratory, law.watch(bound)),
  dispose: (trial: LimiterTrial) => trial.dispose(),
});

const spare = (operations: Operations, words: ReadonlyArray<string>): Operations =>
  operations.map(({ weight, arbitrary }) => ({
    weight,
    arbitrary: arbitrary.map((operation) =>
      words.some((word) => operation.text.startsWith(word)) ? { ...operation, possible: () => false } : operation,
    ),
  }));

const clocked = (features: LimiterFeatures, spec: RateLimiterSpec): Operations => [
  ...usualOperations(features, spec),
  weighted(2, stepOperation(features, spec)),
  weighted(1, driftOperation(features, spec)),
];

/** Costs, but one clock. */
const plain = (features: LimiterFeatures, spec: RateLimiterSpec): Operations => usualOperations({ ...features, nodes: 1 }, spec);

const envelope = (bound: Bound): LimiterWatch => ({
  onDecision: (asked, trial) => {
    if (!asked.decision.admitted) return;
    const worst = trial.worstInterval(bound);
    if (worst !== undefined)
      trial.expect(
        false,
        `at most ${round(worst.most)} permits pass within ${worst.ms} ms of true time (${boundText(bound)}); ${worst.passed} did`,
      );
  },
});

/** The envelope over the latest reading that the limiter has seen; readings of refused calls may count or not. */
const limiterTime = (bound: Bound): LimiterWatch => {
  const clocks = new WeakMap<LimiterTrial, LimiterClock>();
  return {
    onDecision: (asked, trial) => {
      const clock = clocks.get(trial) ?? { seenMs: 0, chargedMs: 0, passed: [] };
      clocks.set(trial, clock);
      clock.seenMs = Math.max(clock.seenMs, trial.laboratory.readingMs);
      if (!asked.decision.admitted) return;
      clock.chargedMs = Math.max(clock.chargedMs, trial.laboratory.readingMs);
      clock.passed.push({ seenMs: clock.seenMs, chargedMs: clock.chargedMs, cost: asked.call.cost });
      let sum = 0;
      for (const one of clock.passed.toReversed()) {
        sum += one.cost;
        const ms = Math.max(clock.seenMs - one.seenMs, clock.chargedMs - one.chargedMs);
        const most = mostWithin(trial.spec.declaredBound ?? bound, ms);
        trial.expect(sum <= most + 1e-6, `at most ${round(most)} permits pass within ${ms} ms of readings; ${sum} did`);
      }
    },
  };
};

interface LimiterClock {
  /** Latest reading of all calls, and of those admitted. */
  seenMs: number;
  chargedMs: number;
  readonly passed: Array<{ readonly seenMs: number; readonly chargedMs: number; readonly cost: number }>;
}

/** No algorithm lets more than the limit through in one instant, so whatever does so made credit up. */
const credit = (bound: Bound): LimiterWatch => ({
  onDecision: (asked, trial) => {
    envelope({ window: { limit: trial.spec.limit, ms: 1 } }).onDecision?.(asked, trial);
    envelope(trial.spec.declaredBound ?? bound).onDecision?.(asked, trial);
  },
});

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

const isValid = (cost: number): boolean => Number.isInteger(cost) && cost > 0;

/** Keeps a twin that sees what `sees` lets through, and compares every decision that both are asked for. */
const twinned = (sees: (asked: Asked, trial: LimiterTrial) => boolean, expected: string): NonNullable<LimiterWatch["onDecision"]> => {
  const pending = new WeakMap<LimiterTrial, Array<Asked>>();
  return (asked, trial) => {
    const list = pending.get(trial) ?? [];
    pending.set(trial, list);
    if (sees(asked, trial)) list.push(asked);
    trial.compare = async () => {
      const asks = list.splice(0);
      if (asks.length === 0) return;
      trial.twin ??= await trial.fresh();
      for (const one of asks) {
        const [other] = await trial.ask(trial.twin, one.call);
        trial.expect(
          other?.admitted === one.decision.admitted,
          `${expected}; the other ${other?.admitted ? "admits" : "refuses"} what this one ${one.decision.admitted ? "admitted" : "refused"}`,
        );
      }
    };
  };
};

const LAWS: ReadonlyArray<LimiterLaw> = [
  {
    id: "L-1",
    kind: "S",
    title: "no interval of true time lets more through than the bound",
    operations: plain,
    watch: envelope,
  },
  {
    id: "L-1",
    part: "clocks",
    kind: "S",
    title: "nor does it when clocks jump or differ",
    operations: clocked,
    watch: envelope,
    spared: ["step", "drift"],
  },
  {
    id: "L-2",
    kind: "S",
    title: "odd costs give no credit",
    applies: (features) => features.costs === true,
    operations: (features, spec) => [...plain(features, spec), weighted(4, oddCostOperation())],
    watch: credit,
    spared: ["call, cost -"],
  },
  {
    id: "L-3",
    kind: "S",
    title: "a refused call changes no later decision",
    operations: (features, spec) => plain(features, spec).filter((_, index) => index !== 1),
    watch: () => ({
      onDecision: twinned((asked, trial) => {
        if (trial.omitted === "comparing") return true;
        if (!asked.decision.admitted) {
          trial.omitted = "omitting";
          return false;
        }
        if (trial.omitted === "omitting") trial.omitted = "comparing";
        return true;
      }, "without the first refused calls, everything is decided alike"),
    }),
    spared: ["call, cost"],
  },
  {
    id: "L-4",
    kind: "S",
    title: "a composite charges all its parts, or none",
    applies: (features) => features.parts === true,
    operations: (features, spec) => [
      weighted(4, countedCall(spec)),
      weighted(3, tickOperation(spec)),
      ...plain(features, spec).slice(1, 2),
    ],
    watch: () => ({}),
  },
  {
    id: "L-6",
    part: "costs",
    kind: "S",
    title: "a cost that means nothing is refused and changes nothing",
    applies: (features) => features.costs === true,
    operations: (features, spec) => [...plain(features, spec).filter((_, index) => index !== 1), weighted(4, oddCostOperation())],
    watch: () => {
      const compare = twinned((asked) => isValid(asked.call.cost), "with and without the odd calls, everything is decided alike");
      return {
        onDecision: (asked, trial) => {
          if (ODD_COSTS.includes(asked.call.cost) && asked.call.cost !== 0.5 && asked.call.cost !== 0)
            trial.expect(!asked.decision.admitted, `a call of cost ${asked.call.cost} is refused; it was admitted`);
          compare(asked, trial);
        },
      };
    },
    spared: ["call, cost -", "call, cost Na"],
  },
  {
    id: "L-6",
    part: "settings",
    kind: "S",
    title: "settings that mean nothing are refused",
    operations: () => [weighted(1, oddSettings())],
    watch: () => ({}),
    runsRatio: 0.05,
    maxOperations: 1,
    spared: ["make one with windowMs 0"],
  },
  {
    id: "L-7",
    kind: "S",
    title: "one key changes nothing for another",
    operations: (features, spec) => [...plain(features, spec).filter((_, index) => index !== 1), weighted(4, otherKeyOperation())],
    watch: () => ({
      onDecision: twinned((asked) => asked.call.key === "k", "with and without the other keys, everything is decided alike"),
    }),
  },
  {
    id: "L-8",
    kind: "S",
    title: "calls in one microtask admit as many as calls one after the other",
    operations: (_features, spec) => [weighted(1, burstComparison(spec)), weighted(1, tickOperation(spec))],
    watch: () => ({}),
    runsRatio: 0.3,
  },
  {
    id: "L-9",
    kind: "S",
    title: "a lower limit holds at once, and a higher one grants nothing for the past",
    applies: (features, spec) => features.reconfiguring === true && spec.exact === true,
    operations: (features, spec) => [...plain(features, spec), weighted(2, reconfigureOperation(spec))],
    watch: () => ({
      onDecision: (asked, trial) => {
        if (!asked.decision.admitted) return;
        const since = trial.passed.slice(trial.passedBefore);
        let sum = 0;
        for (const one of since.toReversed()) {
          sum += one.cost;
          const most = trial.limit + ((trial.nowMs - one.atMs) * trial.limit) / trial.spec.windowMs;
          trial.expect(
            sum <= most + 1e-6,
            `with a limit of ${trial.limit} at most ${round(most)} permits pass within ${trial.nowMs - one.atMs} ms; ${sum} did`,
          );
        }
        const former = trial.formerLimit;
        const last = trial.passed[trial.passedBefore - 1];
        if (former === undefined || trial.sinceMs !== trial.nowMs || last === undefined) return;
        // A key that nobody uses may be forgotten, and is full under whatever limit it comes back.
        if (trial.nowMs - last.atMs >= trial.spec.windowMs / former) return;
        const now = trial.passed.filter((one) => one.atMs === trial.nowMs).reduce((total, one) => total + one.cost, 0);
        trial.expect(now <= former, `in the instant of the change at most the ${former} of before pass; ${now} did`);
      },
    }),
  },
  {
    id: "L-10",
    kind: "S",
    title: "an older reading of the clock sets nothing back: the bound holds in the limiter's own time",
    applies: (features) => features.readings === true,
    operations: (features, spec) => [...plain(features, spec), weighted(4, lateReadingOperation(spec))],
    watch: (bound) => limiterTime(bound),
  },
  {
    id: "L-11",
    part: "enough",
    kind: "V",
    title: "who waits as told is admitted",
    applies: (features) => features.hints === true,
    operations: (features, spec) => [...clocked({ ...features, costs: false }, spec), weighted(3, honorHintOperation(features))],
    watch: () => ({}),
    spared: ["step", "drift"],
  },
  {
    id: "L-11",
    part: "not too much",
    kind: "V",
    title: "nobody is told to wait longer than needed",
    applies: (features) => features.hints === true,
    operations: (features, spec) => [...plain({ ...features, costs: false }, spec), weighted(3, hurryHintOperation())],
    watch: () => ({}),
  },
  {
    id: "L-12",
    kind: "V",
    title: "after the time to full without an admitted call, the next is admitted, whatever clocks do",
    operations: clocked,
    watch: () => ({
      onDecision: (asked, trial) => {
        const quietMs = trial.nowMs - trial.lastChargeMs;
        trial.expect(
          asked.decision.admitted || asked.call.cost > trial.spec.limit || quietMs < trial.spec.fullAfterMs,
          `no call was admitted for ${Number.isFinite(quietMs) ? spanText(quietMs) : "ever"}, and ${spanText(trial.spec.fullAfterMs)} are enough: this one must be`,
        );
      },
    }),
    spared: ["step", "drift"],
  },
  {
    id: "L-13",
    part: "refusals",
    kind: "V",
    title: "a call is refused only if admitting it would break the bound",
    applies: (_features, spec) => spec.exact === true,
    operations: (features, spec) => plain(features, spec).filter((_, index) => index !== 1),
    watch: (bound) => ({
      onDecision: (asked, trial) =>
        trial.expect(
          asked.decision.admitted || trial.justified(bound, asked.call.cost),
          `the bound ${boundText(bound)} leaves room for a cost of ${asked.call.cost}: it must be admitted`,
        ),
    }),
  },
  {
    id: "L-13",
    part: "rate",
    kind: "V",
    title: "under saturation the permits are used",
    operations: (features, spec) => [weighted(1, trainOperation(spec, features.slow ? 60 : 300))],
    watch: () => ({}),
    runsRatio: 0.05,
    maxOperations: 1,
    weaker: (features, spec) => [weighted(1, trainOperation(spec, features.slow ? 60 : 300, spec.declaredUseRatio))],
  },
  {
    id: "L-14",
    kind: "V",
    title: "more load never means fewer admitted",
    applies: (_features, spec) => spec.exact === true && spec.limit > 1,
    operations: (features, spec) => [weighted(1, risingLoadOperation(spec, features.slow ? 60 : 300))],
    watch: () => ({}),
    runsRatio: 0.01,
    maxOperations: 1,
  },
  {
    id: "L-15",
    kind: "V",
    title: "after a long gap it decides like a new one",
    operations: (features, spec) => [...plain(features, spec).filter((_, index) => index !== 1), weighted(2, idleOperation(spec))],
    watch: () => ({
      onDecision: twinned((_asked, trial) => trial.twin !== undefined, "after the gap it decides like one that was never used"),
    }),
  },
  {
    id: "L-16",
    kind: "S",
    title: "keys that nobody uses are forgotten",
    applies: (features) => features.countsKeys === true,
    operations: (_features, spec) => [
      weighted(3, otherKeyOperation()),
      weighted(1, tickOperation(spec)),
      weighted(1, forgettingOperation(spec)),
    ],
    watch: () => ({}),
    runsRatio: 0.3,
  },
  {
    id: "L-20",
    kind: "V",
    title: "a call that can never pass is refused and delays nobody",
    applies: (features) => features.costs === true,
    operations: (features, spec) => [...plain(features, spec).filter((_, index) => index !== 1), weighted(3, impossibleOperation(spec))],
    watch: () => {
      const compare = twinned(
        (asked, trial) => asked.call.cost <= trial.spec.limit,
        "with and without the impossible calls, everything is decided alike",
      );
      return {
        onDecision: (asked, trial) => {
          trial.expect(
            !asked.decision.admitted || asked.call.cost <= trial.spec.limit,
            `a cost of ${asked.call.cost} is above the limit of ${trial.spec.limit}`,
          );
          compare(asked, trial);
        },
      };
    },
    spared: ["call, cost"],
  },
];

/** A call, and what each part has left before and after it. */
const countedCall = (spec: RateLimiterSpec): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.integer({ min: 1, max: spec.limit + 1 }).map((cost) => ({
    text: `call, cost ${cost}; read the parts`,
    run: async (trial) => {
      const before = trial.limiter.partsLeft?.("k") ?? [];
      const [decision] = await trial.consume({ cost });
      const after = trial.limiter.partsLeft?.("k") ?? [];
      trial.laboratory.note(`parts ${before.join(", ")} -> ${after.join(", ")}`);
      const charge = decision?.admitted === true ? cost : 0;
      trial.expect(
        after.length > 1 && after.every((left, part) => left === (before[part] ?? 0) - charge),
        charge === 0 ? "refused: no part is charged" : `admitted: each part is charged ${cost}`,
      );
      trial.expect(
        decision?.admitted === before.every((left) => left >= cost),
        `it is admitted when every part has ${cost} left, and only then`,
      );
    },
  }));

const SPECIAL_KEYS: ReadonlyArray<string> = ["", "a:b", "__proto__", "constructor", "k2", "ключ", "k\u0000"];

const otherKeyOperation = (): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.constantFrom(...SPECIAL_KEYS).map((key) => ({
    text: `call, key ${JSON.stringify(key)}`,
    run: async (trial) => void (await trial.consume({ key })),
  }));

const impossibleOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.constantFrom(spec.limit + 1, 1e6, spec.limit * 10).map((cost) => ({
    text: `call, cost ${cost}`,
    run: async (trial) => void (await trial.consume({ cost })),
  }));

const burstComparison = (spec: RateLimiterSpec): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.integer({ min: 2, max: 2 * spec.limit + 2 }).map((count) => ({
    text: `${count} calls at once, and one by one at the other`,
    run: async (trial) => {
      trial.twin ??= await trial.fresh();
      const together = (await trial.consume({}, count)).filter((decision) => decision.admitted).length;
      let serial = 0;
      for (let sent = 0; sent < count; sent++)
        if ((await trial.ask(trial.twin, { key: "k", cost: 1, node: 0, id: "" }))[0]?.admitted === true) serial++;
      trial.expect(together === serial, `${serial} are admitted one by one; at once ${together} were`);
    },
  }));

/** Idle keys may go little by little, as new ones come. */
const NEW_KEYS = 8;

const forgettingOperation = (spec: RateLimiterSpec): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc.constantFrom(3 * spec.fullAfterMs + 2000, 86_400_000).map((ms) => ({
    text: `idle ${spanText(ms)}, ${NEW_KEYS} calls with new keys`,
    run: async (trial) => {
      await trial.laboratory.advance(ms);
      for (let key = 0; key < NEW_KEYS; key++) await trial.consume({ key: `new ${key} at ${trial.nowMs}` });
      const live = (await trial.limiter.liveKeys?.()) ?? 0;
      trial.laboratory.note(`${live} keys held`);
      trial.expect(live <= NEW_KEYS, `${NEW_KEYS} keys were used in the last ${spanText(ms)}, so no more may be held; ${live} are`);
    },
  }));

const oddSettings = (): fc.Arbitrary<Operation<LimiterTrial>> =>
  fc
    .constantFrom(
      { limit: Number.NaN },
      { limit: Number.POSITIVE_INFINITY },
      { limit: -1 },
      { limit: 0 },
      { windowMs: Number.POSITIVE_INFINITY },
      { windowMs: Number.NaN },
      { windowMs: 0 },
      { windowMs: -1 },
    )
    .map((odd) => ({
      text: `make one with ${Object.entries(odd)
        .map(([name, value]) => `${name} ${value}`)
        .join()}`,
      run: async (trial) => {
        let made;
        try {
          made = await trial.fresh({ limit: trial.spec.limit, windowMs: trial.spec.windowMs, ...odd });
        } catch {
          trial.laboratory.note("refused");
          return;
        }
        const decisions = await trial.ask(made, { key: "k", cost: 1, node: 0, id: "" }, 20);
        made.dispose?.();
        const admitted = decisions.filter((decision) => decision.admitted).length;
        trial.laboratory.note(`accepted; ${admitted} of 20 calls admitted`);
        trial.expect(admitted === 0, "such settings are refused when it is made, or with each call");
      },
    }));
