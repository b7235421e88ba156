import fc from "fast-check";
import type { Laboratory } from "../Laboratory.ts";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { LawBroken } from "../LawBroken.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { ConcurrencyAdapter, ConcurrencySpec, ConcurrencyUnderTest } from "./ConcurrencyAdapter.ts";

/**
 * The laws that apply to a limit of what is in flight, each ready to be checked.
 *
 * @example
 * for (const law of concurrencyLaws(adapter)) test(law.title, () => law.check());
 */
export const concurrencyLaws = (adapter: ConcurrencyAdapter, spec: ConcurrencySpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.map((law) =>
    lawOf<ConcurrencyTrial>({
      id: law.id,
      ...(law.part === undefined ? {} : { part: law.part }),
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: law.operations(spec),
      start: (laboratory) => new ConcurrencyTrial(adapter.make(spec, laboratory), spec, laboratory, law),
      dispose: () => undefined,
    }),
  );

type Operations = ReadonlyArray<WeightedOperation<ConcurrencyTrial>>;

interface ConcurrencyLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly operations: (spec: ConcurrencySpec) => Operations;
  readonly onAcquire?: (granted: boolean, weight: number, trial: ConcurrencyTrial) => void;
  readonly onRelease?: (counted: boolean, held: boolean, trial: ConcurrencyTrial) => void;
}

interface Holder {
  readonly permit: number;
  readonly weight: number;
  readonly atMs: number;
  released: boolean;
}

const ODD_WEIGHTS = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY];

class ConcurrencyTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: ConcurrencySpec;
  readonly holders: Array<Holder> = [];
  declare limit: number;
  declare private readonly limiter: ConcurrencyUnderTest;
  declare private readonly law: ConcurrencyLaw;

  constructor(limiter: ConcurrencyUnderTest, spec: ConcurrencySpec, laboratory: Laboratory, law: ConcurrencyLaw) {
    this.limiter = limiter;
    this.spec = spec;
    this.laboratory = laboratory;
    this.law = law;
    this.limit = spec.limit;
  }

  holds(holder: Holder): boolean {
    return !holder.released && this.laboratory.elapsedMs - holder.atMs < this.spec.leaseMs;
  }

  inFlight(): number {
    return this.holders.filter((holder) => this.holds(holder)).reduce((sum, holder) => sum + holder.weight, 0);
  }

  acquire(weight: number): void {
    let permit: number | undefined;
    try {
      permit = this.limiter.acquire(weight);
    } catch {
      permit = undefined;
    }
    this.law.onAcquire?.(permit !== undefined, weight, this);
    if (permit !== undefined) this.holders.push({ permit, weight, atMs: this.laboratory.elapsedMs, released: false });
    this.laboratory.note(`${permit === undefined ? "refused" : `permit ${this.holders.length}`}; ${this.inFlight()} in flight`);
  }

  release(holder: Holder): void {
    const held = this.holds(holder);
    const counted = this.limiter.release(holder.permit);
    holder.released = true;
    this.laboratory.note(`permit ${this.holders.indexOf(holder) + 1}; ${this.inFlight()} in flight`);
    this.law.onRelease?.(counted, held, this);
  }

  reconfigure(limit: number): void {
    this.limiter.reconfigure(limit);
    this.limit = limit;
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }
}

const fits = (granted: boolean, weight: number, trial: ConcurrencyTrial): void => {
  if (ODD_WEIGHTS.includes(weight)) return;
  const room = trial.limit - trial.inFlight();
  trial.expect(!granted || weight <= room, `${trial.inFlight()} of ${trial.limit} are in flight: a weight of ${weight} has no room`);
  trial.expect(granted || weight > room, `${trial.inFlight()} of ${trial.limit} are in flight: a weight of ${weight} has room`);
};

const acquireOperation = (weights: ReadonlyArray<number>): fc.Arbitrary<Operation<ConcurrencyTrial>> =>
  fc.constantFrom(...weights).map((weight) => ({
    text: `acquire${weight === 1 ? "" : ` ${weight}`}`,
    run: (trial) => trial.acquire(weight),
  }));

const usual = (spec: ConcurrencySpec): Operations => [
  weighted(5, acquireOperation([1, 1, 2, spec.limit, spec.limit + 1])),
  weighted(
    4,
    fc.nat({ max: 9 }).map((index): Operation<ConcurrencyTrial> => ({
      // Whatever was handed out, so that some are released twice, or after their lease.
      text: "release",
      possible: (trial) => trial.holders.length > 0,
      run: (trial) => {
        const holder = trial.holders.at(-1 - (index % trial.holders.length));
        if (holder !== undefined) trial.release(holder);
      },
    })),
  ),
  weighted(
    2,
    fc
      .constantFrom(1, spec.leaseMs - 1, spec.leaseMs, Math.ceil(spec.leaseMs / 2))
      .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: ConcurrencyTrial) => trial.laboratory.advance(ms) })),
  ),
];

const LAWS: ReadonlyArray<ConcurrencyLaw> = [
  {
    id: "L-5",
    kind: "S",
    title: "what is in flight is what was admitted less what was released or lost its lease, and never above the limit",
    operations: usual,
    onAcquire: fits,
    onRelease: (counted, held, trial) =>
      trial.expect(
        counted === held,
        held ? "the permit was held: its release counts" : "the permit had ended: its release counts for nothing",
      ),
  },
  {
    id: "L-6",
    part: "weights",
    kind: "S",
    title: "a weight that means nothing is refused and changes nothing",
    operations: (spec) => [...usual(spec), weighted(3, acquireOperation(ODD_WEIGHTS))],
    onAcquire: (granted, weight, trial) => {
      trial.expect(!granted || !ODD_WEIGHTS.includes(weight), `a weight of ${weight} is refused`);
      fits(granted, weight, trial);
    },
  },
  {
    id: "L-9",
    kind: "S",
    title: "a changed limit holds at once, and what is in flight goes on",
    operations: (spec) => [
      ...usual(spec),
      weighted(
        2,
        fc
          .constantFrom(1, 2, spec.limit, 2 * spec.limit)
          .map((limit) => ({ text: `the limit becomes ${limit}`, run: (trial: ConcurrencyTrial) => trial.reconfigure(limit) })),
      ),
    ],
    onAcquire: fits,
  },
];
