import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { CacheAdapter, CacheSpec } from "./CacheAdapter.ts";
import { CacheTrial } from "./CacheTrial.ts";
import type { CacheWatch } from "./CacheTrial.ts";

/**
 * The laws that apply to a cache that loads what it misses, each ready to be checked.
 *
 * @example
 * for (const law of cacheLaws(adapter)) test(law.title, () => law.check());
 */
export const cacheLaws = (adapter: CacheAdapter, spec: CacheSpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.filter((law) => law.applies?.(adapter) ?? true).map((law) =>
    lawOf<CacheTrial>({
      id: law.id,
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: operations(adapter, spec),
      start: (laboratory) => CacheTrial.start(adapter, spec, laboratory, law.watch),
      dispose: (trial) => trial.dispose(),
    }),
  );

interface CacheLaw {
  readonly id: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (adapter: CacheAdapter) => boolean;
  readonly watch: CacheWatch;
}

const LAWS: ReadonlyArray<CacheLaw> = [
  {
    id: "C-1",
    kind: "S",
    title: "one load at a time for a key",
    // After an invalidation or with nobody waiting any more, a new load beside the old one is right.
    watch: {
      onLoad: (load, trial) => {
        const others = trial
          .running()
          .filter((other) => other !== load && other.key === load.key && other.number > (trial.invalidatedAtLoads.get(load.key) ?? 0));
        const wanted = trial.reads.some(
          (read) => read.state === "waiting" && !read.aborted && read.key === load.key && read.askedAtMs < trial.nowMs,
        );
        trial.expect(others.length === 0 || !wanted, `load ${others[0]?.number} of the same key still runs and is waited for`);
      },
    },
  },
  {
    id: "C-2",
    kind: "V",
    title: "everybody who waits has an answer when the load ends",
    watch: {
      onRest: (trial) => {
        const stuck = trial.waiting().find((read) => !trial.running().some((load) => load.key === read.key));
        trial.expect(stuck === undefined, `no load of its key runs: read ${stuck?.number} must have an answer`);
      },
    },
  },
  {
    id: "C-3",
    kind: "S",
    title: "who gives up cancels nobody else",
    applies: (adapter) => adapter.features.aborting === true,
    watch: {
      onAnswer: (read, trial) =>
        trial.expect(
          read.aborted || read.state === "served" || read.load !== undefined,
          `read ${read.number} did not give up, and no load failed: it must not fail`,
        ),
    },
  },
  {
    id: "C-4",
    kind: "S",
    title: "a failure is served no longer than declared",
    watch: {
      onAnswer: (read, trial) => {
        if (read.state !== "failed" || read.load === undefined) return;
        const load = trial.loads[read.load - 1];
        const lateMs = load === undefined ? 0 : read.askedAtMs - load.endedAtMs;
        trial.expect(
          !(lateMs > trial.spec.negativeTtlMs),
          `the failure of load ${read.load} is ${spanText(lateMs)} old when read ${read.number} asks; it may be served for ${spanText(trial.spec.negativeTtlMs)}`,
        );
      },
    },
  },
  {
    id: "C-5",
    kind: "S",
    title: "no value is served after its time, whatever clocks do",
    watch: {
      onAnswer: (read, trial) => {
        const load = read.state === "served" ? trial.loads[(read.load ?? 0) - 1] : undefined;
        if (load === undefined) return;
        const ageMs = read.askedAtMs - load.endedAtMs;
        trial.expect(
          !(ageMs > trial.spec.ttlMs),
          `the value is ${spanText(ageMs)} old, with a time to live of ${spanText(trial.spec.ttlMs)}`,
        );
      },
    },
  },
  {
    id: "C-6",
    kind: "S",
    title: "a load that began before an invalidation does not stay",
    applies: (adapter) => adapter.features.invalidating === true,
    watch: {
      onAnswer: (read, trial) => {
        const load = read.state === "served" ? trial.loads[(read.load ?? 0) - 1] : undefined;
        if (load === undefined) return;
        const stale = load.number <= (trial.invalidatedAtLoads.get(read.key) ?? 0);
        trial.expect(
          !(stale && read.askedAtMs > load.endedAtMs),
          `load ${load.number} began before the invalidation: read ${read.number} needs a new one`,
        );
      },
    },
  },
  {
    id: "C-8",
    kind: "S",
    title: "one key's value and failures are not another's",
    watch: {
      onAnswer: (read, trial) => {
        const load = trial.loads[(read.load ?? 0) - 1];
        trial.expect(
          load === undefined || load.key === read.key,
          `read ${read.number} of ${read.key} got what was loaded for ${load?.key}`,
        );
      },
    },
  },
];

const KEYS = ["a", "b", "__proto__"];
const HOUR_MS = 3_600_000;

const operations = (adapter: CacheAdapter, spec: CacheSpec): ReadonlyArray<WeightedOperation<CacheTrial>> => [
  weighted(
    4,
    fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(1, 1, 1, 3)).map(([key, count]) => ({
      text: `${count === 1 ? "read" : `${count} reads at once of`} ${key}`,
      run: (trial: CacheTrial) => trial.read(key, count),
    })),
  ),
  weighted(
    4,
    fc.tuple(fc.nat({ max: 2 }), fc.boolean()).map(([index, succeeds]) => ({
      text: succeeds ? "load ends" : "load fails",
      possible: (trial: CacheTrial) => trial.running().length > 0,
      run: async (trial: CacheTrial) => {
        const running = trial.running();
        const load = running[index % running.length];
        if (load !== undefined) await trial.end(load, succeeds);
      },
    })),
  ),
  weighted(
    2,
    fc
      .constantFrom(spec.ttlMs, spec.ttlMs + 1, 1, Math.ceil(spec.ttlMs / 2))
      .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: CacheTrial) => trial.advance(ms) })),
  ),
  weighted(
    1,
    fc.constantFrom(HOUR_MS, -HOUR_MS).map((ms) => ({
      text: `step clock ${ms > 0 ? "+" : "-"}1 h`,
      run: (trial: CacheTrial) => trial.laboratory.stepClock(0, ms),
    })),
  ),
  ...(adapter.features.aborting ? [weighted(2, abortOperation())] : []),
  ...(adapter.features.invalidating
    ? [
        weighted(
          1,
          fc.constantFrom(...KEYS).map((key) => ({ text: `invalidate ${key}`, run: (trial: CacheTrial) => trial.invalidate(key) })),
        ),
      ]
    : []),
];

const abortOperation = (): fc.Arbitrary<Operation<CacheTrial>> =>
  fc.nat({ max: 3 }).map((index) => ({
    text: "abort",
    possible: (trial) => trial.waiting().length > 0,
    run: async (trial) => {
      const waiting = trial.waiting();
      const read = waiting[index % waiting.length];
      if (read !== undefined) await trial.abort(read);
    },
  }));
