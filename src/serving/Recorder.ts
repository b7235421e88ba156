import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { ensure, InvariantBroken } from "../kernel/Invariants.ts";
import type { UnitSource } from "../kernel/Streams.ts";
import { Summary } from "../kernel/Summary.ts";
import { TimeAverage } from "../kernel/TimeAverage.ts";
import { ClassMeter } from "../metric/ClassMeter.ts";
import type { RequestRecord } from "../metric/RequestRecord.ts";
import type { Outcome } from "../metric/Result.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import { Simulation } from "./Simulation.ts";
import * as Fields from "./Fields.ts";

const {
  ACTIVE,
  ADMITTED_MS,
  ARRIVAL_MS,
  CACHED_TOKENS,
  CLASS_INDEX,
  FIRST_TOKEN_MS,
  ID,
  NUMBER,
  PROMPT_TOKENS,
  REPLICA,
  TOTAL,
  TRIES,
  USER,
} = Fields;

/** Counts of the present timeline interval. */
export interface IntervalCounts {
  offered: number;
  completed: number;
  good: number;
  /** Requests that ended without an answer. */
  failed: number;
  ttftMs: Summary;
}

export interface RecorderService {
  readonly classes: ReadonlyArray<ClassMeter>;
  readonly interval: IntervalCounts;
  /** Requests in the system, all of them, warm-up included. */
  readonly inSystem: TimeAverage;
  readonly requests: number;
  readonly attempts: number;
  /** A uniform sample of the measured requests' records. */
  readonly sample: ReadonlyArray<RequestRecord>;
  arrived(request: number): void;
  offered(classIndex: number): void;
  /** The request got its answer: completed, cached or degraded. */
  answered(request: number, attempt: number, outcome: Outcome): void;
  ended(request: number, outcome: Outcome): void;
  wasted(classIndex: number, tokens: number): void;
  /** Attempts that their clients' own breakers and throttles never sent. */
  readonly blocked: { readonly breaker: number; readonly throttle: number };
  blockedBy(rule: "breaker" | "throttle"): void;
  /** Starts a new timeline interval. */
  nextInterval(): void;
  /** The run is over: whatever is in flight is unfinished, and the books must balance. */
  close(): void;
}

export interface RecorderOptions {
  readonly warmupMs: number;
  /** Records kept; beyond that a reservoir sample. */
  readonly sampleSize: number;
  /** Names of the replicas, by number: `pool/index`. */
  readonly replicaNames: ReadonlyArray<string>;
}

export class Recorder extends Context.Service<Recorder, RecorderService>()("spillway/Recorder") {
  static readonly layer = (classes: ReadonlyArray<TrafficClassSpec>, options: RecorderOptions): Layer.Layer<Recorder, never, Simulation> =>
    Layer.effect(
      Recorder,
      Effect.map(Simulation, (simulation) => new SimulatedRecorder(classes, options, simulation)),
    );
}

class SimulatedRecorder implements RecorderService {
  declare readonly classes: ReadonlyArray<ClassMeter>;
  readonly interval: IntervalCounts = { offered: 0, completed: 0, good: 0, failed: 0, ttftMs: new Summary() };
  readonly inSystem = new TimeAverage();
  readonly sample: Array<RequestRecord> = [];
  readonly blocked = { breaker: 0, throttle: 0 };
  requests = 0;
  attempts = 0;
  declare private readonly options: RecorderOptions;
  declare private readonly simulation: typeof Simulation.Service;
  /** Requests of each class so far. */
  declare private readonly arrivals: Array<number>;
  declare private readonly reservoir: UnitSource;
  private sampled = 0;
  /** Sum of the times that requests spent in the system, for Little's law. A double from the start, by -0. */
  private spentMs = -0;

  constructor(classes: ReadonlyArray<TrafficClassSpec>, options: RecorderOptions, simulation: typeof Simulation.Service) {
    this.options = options;
    this.simulation = simulation;
    this.classes = classes.map((spec) => new ClassMeter(spec));
    this.arrivals = classes.map(() => 0);
    this.reservoir = simulation.streams.open("recorder", "sample").sequence();
  }

  arrived(request: number): void {
    const { requests, kernel } = this.simulation;
    this.requests++;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    requests.doubles[request | ID] =
      requests.ints[request | USER]! >= 0 ? requests.doubles[request | NUMBER]! : this.arrivals[classIndex]!++;
    this.inSystem.set(kernel.now, this.inSystem.level + 1);
    if (kernel.now >= this.options.warmupMs) this.classes[classIndex]!.requests++;
  }

  offered(classIndex: number): void {
    this.attempts++;
    this.interval.offered++;
    if (this.simulation.kernel.now >= this.options.warmupMs) this.classes[classIndex]!.attempts++;
  }

  answered(request: number, attempt: number, outcome: Outcome): void {
    const { requests, attempts, kernel } = this.simulation;
    const arrivalMs = requests.doubles[request | ARRIVAL_MS]!;
    const meter = this.classes[requests.ints[request | CLASS_INDEX]!]!;
    const firstTokenMs = attempts.doubles[attempt | FIRST_TOKEN_MS]!;
    const outputTokens = attempts.ints[attempt | TOTAL]! - attempts.ints[attempt | PROMPT_TOKENS]!;
    const ttftMs = firstTokenMs - arrivalMs;
    const e2eMs = kernel.now - arrivalMs;
    const tpotMs = outputTokens > 1 ? (e2eMs - ttftMs) / (outputTokens - 1) : NaN;
    const queueWaitMs = attempts.doubles[attempt | ADMITTED_MS]! - attempts.doubles[attempt | ARRIVAL_MS]!;
    if (!(ttftMs >= 0 && e2eMs >= ttftMs && queueWaitMs >= 0)) this.refuseOrder(request);
    const good = meter.meets(ttftMs, tpotMs, e2eMs);
    this.interval.completed++;
    if (good) this.interval.good++;
    this.interval.ttftMs.record(ttftMs);
    if (arrivalMs < this.options.warmupMs) return;
    meter.answer(ttftMs, tpotMs, e2eMs, queueWaitMs);
    if (good) meter.good++;
    meter.promptTokens += attempts.ints[attempt | PROMPT_TOKENS]!;
    meter.cachedTokens += attempts.ints[attempt | CACHED_TOKENS]!;
    meter.outputTokens += outputTokens;
    const place = this.placeInSample();
    if (place >= 0) this.sample[place] = this.record(request, outcome, attempt, { ttftMs, tpotMs, e2eMs, queueWaitMs, good, outputTokens });
  }

  ended(request: number, outcome: Outcome): void {
    const { requests, kernel } = this.simulation;
    const arrivalMs = requests.doubles[request | ARRIVAL_MS]!;
    this.inSystem.set(kernel.now, this.inSystem.level - 1);
    this.spentMs += kernel.now - arrivalMs;
    const answered = outcome === "completed" || outcome === "cached" || outcome === "degraded";
    if (!answered) this.interval.failed++;
    if (arrivalMs < this.options.warmupMs) return;
    this.classes[requests.ints[request | CLASS_INDEX]!]!.outcomes[outcome]++;
    if (answered) return;
    const place = this.placeInSample();
    if (place >= 0) this.sample[place] = this.record(request, outcome, undefined, undefined);
  }

  wasted(classIndex: number, tokens: number): void {
    if (this.simulation.kernel.now >= this.options.warmupMs) this.classes[classIndex]!.wastedTokens += tokens;
  }

  blockedBy(rule: "breaker" | "throttle"): void {
    if (this.simulation.kernel.now >= this.options.warmupMs) this.blocked[rule]++;
  }

  nextInterval(): void {
    const { interval } = this;
    interval.offered = interval.completed = interval.good = interval.failed = 0;
    interval.ttftMs = new Summary();
  }

  close(): void {
    const { requests, kernel } = this.simulation;
    let live = 0;
    for (const slot of requests.liveSlots()) {
      if (requests.ints[slot | ACTIVE] !== 1) continue;
      live++;
      const arrivalMs = requests.doubles[slot | ARRIVAL_MS]!;
      this.spentMs += kernel.now - arrivalMs;
      if (arrivalMs >= this.options.warmupMs) this.classes[requests.ints[slot | CLASS_INDEX]!]!.outcomes.unfinished++;
    }
    this.balance(live);
  }

  private balance(live: number): void {
    const now = this.simulation.kernel.now;
    ensure(1, this.inSystem.level === live, now, () => `${this.inSystem.level} requests in the system, ${live} found`);
    for (const meter of this.classes) {
      const sum = Object.values(meter.outcomes).reduce((total, count) => total + count, 0);
      ensure(1, sum === meter.requests, now, () => `class ${meter.spec.name}: ${meter.requests} requests, ${sum} outcomes`);
    }
    const area = this.inSystem.area(now);
    const spent = this.spentMs;
    ensure(6, Math.abs(area - spent) <= 1e-6 * Math.max(1, spent), now, () => `L * T = ${area} ms, sum of W = ${spent} ms`);
  }

  /** Where in the sample the next record goes, -1 if it is not kept: a uniform sample of all (algorithm R, Vitter 1985). */
  private placeInSample(): number {
    this.sampled++;
    const { sampleSize } = this.options;
    const place = this.sampled <= sampleSize ? this.sampled - 1 : Math.floor(this.reservoir.unit() * this.sampled);
    return place < sampleSize ? place : -1;
  }

  private record(request: number, outcome: Outcome, attempt: number | undefined, answer: Answer | undefined): RequestRecord {
    const { requests, attempts } = this.simulation;
    return {
      class: this.classes[requests.ints[request | CLASS_INDEX]!]!.spec.name,
      id: requests.doubles[request | ID]!,
      arrivalMs: requests.doubles[request | ARRIVAL_MS]!,
      promptTokens: requests.ints[request | PROMPT_TOKENS]!,
      cachedTokens: attempt === undefined ? 0 : attempts.ints[attempt | CACHED_TOKENS]!,
      outputTokens: answer?.outputTokens ?? 0,
      attempts: requests.ints[request | TRIES]!,
      replica: this.options.replicaNames[requests.ints[request | REPLICA]!] ?? null,
      queueWaitMs: answer?.queueWaitMs ?? null,
      ttftMs: answer?.ttftMs ?? null,
      tpotMs: answer === undefined || Number.isNaN(answer.tpotMs) ? null : answer.tpotMs,
      e2eMs: answer?.e2eMs ?? null,
      outcome,
      good: answer?.good ?? false,
    };
  }

  private refuseOrder(request: number): never {
    throw new InvariantBroken(3, this.simulation.kernel.now, `request ${request} was answered before it arrived`);
  }
}

interface Answer {
  readonly ttftMs: number;
  readonly tpotMs: number;
  readonly e2eMs: number;
  readonly queueWaitMs: number;
  readonly good: boolean;
  readonly outputTokens: number;
}
