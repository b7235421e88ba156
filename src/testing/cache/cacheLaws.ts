import fc from "fast-check";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { CacheAdapter, CacheSpec } from "./CacheAdapter.ts";
import { earlyRefreshLaw } from "./earlyRefreshLaw.ts";
import { CacheTrial } from "./CacheTrial.ts";
import type { CacheWatch, Load } from "./CacheTrial.ts";

/**
 * The laws that apply to a cache that loads what it misses, each ready to be checked.
 *
 * @example
 * for (const law of cacheLaws(adapter)) test(law.title, () => law.check());
 */
export const cacheLaws = (adapter: CacheAdapter, spec: CacheSpec = adapter.spec): ReadonlyArray<Law> => [
  ...LAWS.filter((law) => law.applies?.(adapter) ?? true).map((law) => applied(law, adapter, law.spec?.(spec) ?? spec)),
  ...(adapter.features.earlyRefresh === true ? [earlyRefreshLaw(adapter, spec)] : []),
];

const applied = (law: CacheLaw, adapter: CacheAdapter, spec: CacheSpec): Law =>
  lawOf<CacheTrial>({
    id: law.id,
    kind: law.kind,
    title: law.title,
    target: adapter.name,
    laboratory: adapter.laboratory,
    operations: law.operations?.(adapter, spec) ?? operations(adapter, spec),
    runsRatio: adapter.features.slow === true ? 0.2 : 1,
    ...(law.quiesce === undefined ? {} : { quiesce: law.quiesce }),
    start: (laboratory) => CacheTrial.start(adapter, spec, laboratory, law.watch),
    dispose: (trial) => trial.dispose(),
  });

interface CacheLaw {
  readonly id: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (adapter: CacheAdapter) => boolean;
  readonly watch: CacheWatch;
  readonly spec?: (spec: CacheSpec) => CacheSpec;
  readonly operations?: (adapter: CacheAdapter, spec: CacheSpec) => ReadonlyArray<WeightedOperation<CacheTrial>>;
  readonly quiesce?: (trial: CacheTrial) => Promise<void>;
}

/** Everybody who waits for a key has a load of it that runs, or that ended no longer ago than declared. */
const nobodyStuck: NonNullable<CacheWatch["onRest"]> = (trial) => {
  const withinMs = trial.spec.answersWithinMs ?? 0;
  const stuck = trial.waiting().find((read) => {
    const loads = trial.loads.filter((load) => load.key === read.key);
    const sinceMs = loads.reduce((latest, { endedAtMs }) => Math.max(latest, endedAtMs), read.askedAtMs);
    return loads.every((load) => load.state !== "running") && trial.nowMs - sinceMs >= withinMs;
  });
  trial.expect(stuck === undefined, `no load of its key runs: read ${stuck?.number} must have an answer`);
};

/** Whether the reader that led this load gave up; of a load that was handed on, any of its key may be the one. */
const leaderLeft = (load: Load, trial: CacheTrial): boolean =>
  trial.reads.some((read) => read.aborted && read.key === load.key && (load.leader === 0 || load.leader === read.number));

/** Whether another load took this one's place while it ran. */
const superseded = (load: Load, trial: CacheTrial): boolean =>
  load.number > (trial.invalidatedAtLoads.get(load.key) ?? 0) &&
  trial.loads.some((other) => other.number > load.number && other.key === load.key && !(other.startedAtMs > load.endedAtMs));

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
          .filter((other) => other !== load && other.key === load.key && other.number > (trial.invalidatedAtLoads.get(load.key) ?? 0))
          // Whoever led it left; another may load in its place.
          .filter((other) => !leaderLeft(other, trial) && !other.detached && !load.detached);
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
    watch: { onRest: nobodyStuck },
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
          !(ageMs > trial.spec.ttlMs + (trial.spec.staleMs ?? 0)),
          `the value is ${spanText(ageMs)} old, with a time to live of ${spanText(trial.spec.ttlMs + (trial.spec.staleMs ?? 0))}`,
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
    id: "C-7",
    kind: "S",
    title: "it holds no more entries and bytes than declared, and eviction leaves nobody waiting",
    applies: (adapter) => adapter.features.bounded === true,
    spec: (spec) => ({ ...spec, maxEntries: 3, maxBytes: 50, bytesOf: (key) => 10 * (1 + (Number(key.slice(1)) % 6)) }),
    operations: (adapter, spec) => [weighted(5, readOperation(MANY_KEYS)), ...operations(adapter, spec).slice(1)],
    watch: {
      onRest: (trial) => {
        nobodyStuck(trial);
        const held = trial.held();
        const failed = new Set(trial.loads.filter((load) => load.state === "failed").map((load) => load.key));
        const bytes = held.reduce((sum, key) => sum + (failed.has(key) ? 0 : (trial.spec.bytesOf?.(key) ?? 1)), 0);
        trial.expect(
          held.length <= (trial.spec.maxEntries ?? Infinity),
          `at most ${trial.spec.maxEntries} entries; it holds ${held.length}`,
        );
        trial.expect(bytes <= (trial.spec.maxBytes ?? Infinity), `at most ${trial.spec.maxBytes} bytes; it holds ${bytes}`);
      },
    },
  },
  {
    id: "C-9",
    kind: "V",
    title: "after a flush no more load at once than declared, and each key is loaded once and then held again",
    applies: (adapter) => adapter.features.flushing === true,
    spec: (spec) => ({ ...spec, maxLoads: 2, earlyRefresh: 0 }),
    operations: (adapter, spec) => [
      ...operations({ ...adapter, features: {} }, spec),
      weighted(1, fc.constant<Operation<CacheTrial>>({ text: "flush", run: (trial) => trial.flush() })),
    ],
    watch: {
      onLoad: (_load, trial) => {
        const running = trial.running();
        const since = running.filter((load) => load.number > trial.flushedAtLoads);
        trial.expect(
          running.length <= (trial.spec.maxLoads ?? Infinity),
          `at most ${trial.spec.maxLoads} loads at once; ${running.length} run`,
        );
        trial.expect(
          since.length === new Set(since.map((load) => load.key)).size,
          "since the flush each missing key is loaded once at a time",
        );
      },
    },
    quiesce: async (trial) => {
      for (const load of trial.running()) await trial.end(load, true);
      await trial.advance(trial.spec.negativeTtlMs);
      for (const key of KEYS) {
        await trial.read(key);
        for (const load of trial.running()) await trial.end(load, true);
      }
      const loads = trial.loads.length;
      for (const key of KEYS) await trial.read(key);
      trial.expect(trial.loads.length === loads, "every key was just loaded: it is served without a load");
      await trial.advance(0);
    },
  },
  {
    id: "C-11",
    kind: "S",
    title: "each read is counted once, and loads apart from reads",
    applies: (adapter) => adapter.features.counting === true,
    watch: {
      onRest: (trial) => {
        const counts = trial.counts();
        trial.expect(counts?.requests === trial.reads.length, `there were ${trial.reads.length} reads; it counts ${counts?.requests}`);
        trial.expect(counts?.answered === counts?.requests, `of ${counts?.requests} reads it accounts for ${counts?.answered}`);
        trial.expect(counts?.loads === trial.loads.length, `there were ${trial.loads.length} loads; it counts ${counts?.loads}`);
      },
    },
  },
  {
    id: "C-12",
    kind: "S",
    title: "an owner that comes after its lease neither stores its value nor ends its successor's load",
    applies: (adapter) => adapter.features.leasing === true,
    spec: (spec) => ({ ...spec, leaseMs: LEASE_MS, earlyRefresh: 0 }),
    operations: (adapter, spec) => [
      ...operations({ ...adapter, features: { ...adapter.features, invalidating: false } }, spec),
      weighted(2, leaseOperation()),
    ],
    watch: {
      onLoad: (load, trial) => {
        const owner = trial
          .running()
          .find(
            (other) =>
              other !== load &&
              other.key === load.key &&
              !superseded(other, { ...trial, loads: trial.loads.filter((one) => one !== load) } as CacheTrial) &&
              other.number > (trial.invalidatedAtLoads.get(load.key) ?? 0) &&
              trial.nowMs - other.startedAtMs < LEASE_MS,
          );
        const wanted = trial.reads.some(
          (read) =>
            read.state === "waiting" &&
            !read.aborted &&
            read.key === load.key &&
            read.askedAtMs < trial.nowMs &&
            read.number !== load.leader,
        );
        trial.expect(
          owner === undefined || !wanted || leaderLeft(owner, trial),
          `load ${owner?.number} owns the key for ${LEASE_MS} ms: no other load starts`,
        );
      },
      onAnswer: (read, trial) => {
        const load = read.state === "served" ? trial.loads[(read.load ?? 0) - 1] : undefined;
        if (load === undefined) return;
        // Who was taken for dead may have what it loaded itself; where a load was handed on, that is the first to ask for it.
        if (superseded(load, trial) && load.leader === 0) load.leader = read.number;
        trial.expect(
          !superseded(load, trial) || load.leader === read.number,
          `load ${load.number} lost the key before it ended: read ${read.number} must not get its value`,
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
const MANY_KEYS = Array.from({ length: 30 }, (_, index) => `k${index}`);
const HOUR_MS = 3_600_000;
const LEASE_MS = 400;

const readOperation = (keys: ReadonlyArray<string>): fc.Arbitrary<Operation<CacheTrial>> =>
  fc.tuple(fc.constantFrom(...keys), fc.constantFrom(1, 1, 1, 3)).map(([key, count]) => ({
    text: `${count === 1 ? "read" : `${count} reads at once of`} ${key}`,
    run: (trial: CacheTrial) => trial.read(key, count),
  }));

const leaseOperation = (): fc.Arbitrary<Operation<CacheTrial>> =>
  fc
    .constantFrom(LEASE_MS, LEASE_MS - 1, LEASE_MS + 1)
    .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: CacheTrial) => trial.advance(ms) }));

const operations = (adapter: CacheAdapter, spec: CacheSpec): ReadonlyArray<WeightedOperation<CacheTrial>> => [
  weighted(4, readOperation(KEYS)),
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
  ...(adapter.features.store ? [weighted(2, lossOperation)] : []),
  ...(adapter.features.invalidating
    ? [
        weighted(
          1,
          fc.constantFrom(...KEYS).map((key) => ({ text: `invalidate ${key}`, run: (trial: CacheTrial) => trial.invalidate(key) })),
        ),
      ]
    : []),
];

const LOSSES = {
  dropReply: "the next reply is lost",
  dropRequest: "the next command is lost",
  duplicate: "the next command comes twice",
} as const;

const lossOperation = fc.constantFrom(...(Object.keys(LOSSES) as Array<keyof typeof LOSSES>)).map((fault): Operation<CacheTrial> => ({
  text: LOSSES[fault],
  possible: ({ laboratory }) => laboratory.store.next === undefined,
  run: ({ laboratory }) => {
    laboratory.store.next = fault;
  },
}));

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
