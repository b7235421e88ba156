import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { CircuitBreakerSpec } from "./BreakerSpec.ts";
import { IgnoredOutcome } from "./CircuitBreakerAdapter.ts";
import type { BreakerOutcome, BreakerUnderTest, CircuitBreakerAdapter, Permit, Phase } from "./CircuitBreakerAdapter.ts";
import type { Sample } from "./TripEvidence.ts";

export interface TrialCall {
  readonly number: number;
  readonly node: number;
  readonly askedAtMs: number;
  /** waiting: asked, neither started nor refused. */
  state: "waiting" | "live" | "refused" | "settled";
  /** Phase and epoch in which the work started. */
  phase: Phase;
  epoch: number;
  startedAtMs: number;
  aborted: boolean;
  /** Was still waiting when its operation was over. */
  waited: boolean;
  /** The caller has its answer. */
  answered: boolean;
  readonly abort: () => void;
  readonly finish: (outcome: BreakerOutcome) => unknown;
  /** Its work threw instead of returning a promise. */
  threw: boolean;
}

export type Cause =
  | { readonly kind: "settle"; readonly call: TrialCall; readonly outcome: BreakerOutcome }
  | { readonly kind: "other"; readonly what: string };

export interface Transition {
  readonly from: Phase;
  readonly to: Phase;
  readonly atMs: number;
  readonly cause: Cause;
  /** The epoch that ended. */
  readonly epoch: number;
}

/** What a law watches. Each of them may throw `LawBroken`. */
export interface BreakerWatch {
  readonly onTransition?: (transition: Transition, trial: BreakerTrial) => void;
  readonly onStart?: (call: TrialCall, trial: BreakerTrial) => void;
  readonly onRefused?: (call: TrialCall, trial: BreakerTrial) => void;
  /** After each operation, when everything that happens now has happened. */
  readonly onRest?: (trial: BreakerTrial) => void;
}

/**
 * One breaker in one history, seen from outside: which calls started, which were refused, which phase it shows. Epochs count its phase
 * changes. Checks that fail inside the library's callbacks are kept until the operation is over, so that the library cannot swallow them.
 */
export class BreakerTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: CircuitBreakerSpec;
  declare readonly watch: BreakerWatch;
  readonly calls: Array<TrialCall> = [];
  readonly transitions: Array<Transition> = [];
  /** Completed calls that reached the backend, of all epochs. */
  readonly samples: Array<Sample> = [];
  phase: Phase = "closed";
  epoch = 0;
  phaseSinceMs = 0;
  hooksThrow = false;
  cause: Cause = { kind: "other", what: "start" };
  declare breaker: BreakerUnderTest;
  /** The next call that starts makes another one. */
  private nests = false;
  private throws = false;
  declare private readonly adapter: CircuitBreakerAdapter;
  private broken: LawBroken | undefined;

  static async start(
    adapter: CircuitBreakerAdapter,
    spec: CircuitBreakerSpec,
    laboratory: Laboratory,
    watch: BreakerWatch,
  ): Promise<BreakerTrial> {
    const trial = new BreakerTrial(adapter, spec, laboratory, watch);
    trial.breaker = await adapter.make(spec, laboratory, { hooks: trial.hooks, spec });
    trial.phase = trial.breaker.phase();
    return trial;
  }

  private readonly hooks = {
    onTransition: (): void => {
      if (this.hooksThrow) throw new Error("a hook of the user threw");
    },
  };

  private constructor(adapter: CircuitBreakerAdapter, spec: CircuitBreakerSpec, laboratory: Laboratory, watch: BreakerWatch) {
    this.adapter = adapter;
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
    this.breaker = undefined as unknown as BreakerUnderTest;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  live(): Array<TrialCall> {
    return this.calls.filter((call) => call.state === "live");
  }

  waiting(): Array<TrialCall> {
    return this.calls.filter((call) => call.state === "waiting");
  }

  /** Calls of this half-open epoch that run now. */
  liveProbes(): Array<TrialCall> {
    return this.live().filter((call) => call.phase === "halfOpen" && call.epoch === this.epoch);
  }

  /** Those of them whose lease has not ended; the others no longer hold a slot. */
  leasedProbes(): Array<TrialCall> {
    return this.liveProbes().filter((call) => this.nowMs - call.startedAtMs < this.spec.probeLeaseMs);
  }

  /** Number of samples that came in since the breaker closed last, and those among them admitted since. */
  samplesOfEpoch(): Array<Sample> {
    return this.samples.filter((sample) => sample.epoch === this.epoch);
  }

  samplesSinceClosed(): Array<Sample> {
    return this.samples.filter((_, index) => index >= this.samplesAtPhaseStart);
  }

  private samplesAtPhaseStart = 0;

  /** One call, or several in one microtask. */
  async call(node: number, count = 1): Promise<void> {
    this.laboratory.selectNode(node);
    this.cause = { kind: "other", what: "call" };
    this.observe();
    const calls = Array.from({ length: count }, () => this.ask(node));
    await this.rest(calls);
    if (count > 1) this.laboratory.note(tally(calls));
    else for (const call of calls) this.laboratory.note(`${described(call)}${call.state === "live" ? `, ${this.phase}` : ""}`);
    this.throwBroken();
  }

  async settle(call: TrialCall, outcome: BreakerOutcome): Promise<void> {
    this.laboratory.selectNode(call.node);
    this.observe();
    this.cause = { kind: "settle", call, outcome };
    call.state = "settled";
    if (outcome !== "ignored") this.samples.push({ atMs: this.nowMs, failed: outcome === "failure", epoch: call.epoch });
    const before = this.phase;
    await this.laboratory.answer(call.finish(outcome));
    await this.rest(this.waiting());
    if (this.phase !== before) this.laboratory.note(`${before} -> ${this.phase}`);
    this.throwBroken();
  }

  /** A second outcome for a call that has one; only for breakers that hand out permits. */
  async settleAgain(call: TrialCall, outcome: BreakerOutcome): Promise<void> {
    this.cause = { kind: "other", what: "second outcome" };
    await this.laboratory.answer(call.finish(outcome));
    await this.rest([]);
    this.throwBroken();
  }

  async abort(call: TrialCall): Promise<void> {
    this.cause = { kind: "other", what: "abort" };
    call.aborted = true;
    call.abort();
    await this.rest([call]);
    this.laboratory.note(call.answered ? "the caller has its answer" : "the caller goes on waiting");
    this.throwBroken();
  }

  async advance(ms: number): Promise<void> {
    this.cause = { kind: "other", what: "time" };
    const before = this.phase;
    await this.laboratory.advance(ms);
    await this.rest([]);
    if (this.phase !== before) this.laboratory.note(`${before} -> ${this.phase}`);
    this.throwBroken();
  }

  /** One call whose work makes another call through the breaker. */
  async reenter(node: number): Promise<void> {
    this.laboratory.selectNode(node);
    this.cause = { kind: "other", what: "call" };
    this.observe();
    const before = this.calls.length;
    this.nests = true;
    this.ask(node);
    await this.laboratory.drain();
    this.nests = false;
    const calls = this.calls.slice(before);
    await this.rest(calls);
    this.laboratory.note(calls.map(described).join(", "));
    this.throwBroken();
  }

  /** One call whose work throws instead of returning a promise: it has failed at once. */
  async throwAtOnce(node: number): Promise<void> {
    this.throws = true;
    await this.call(node);
    this.throws = false;
  }

  async pause(ms: number): Promise<void> {
    this.cause = { kind: "other", what: "time" };
    const before = this.phase;
    await this.laboratory.pause(ms);
    await this.rest([]);
    if (this.phase !== before) this.laboratory.note(`${before} -> ${this.phase}`);
    this.throwBroken();
  }

  stepClock(node: number, byMs: number): void {
    this.laboratory.stepClock(node, byMs);
    this.cause = { kind: "other", what: "clock step" };
    this.observe();
    this.throwBroken();
  }

  /** Export and restore, as a process does that ends and starts. Calls in flight are lost. */
  async restore(stepMs: number): Promise<void> {
    this.observe();
    const state = this.breaker.exportState?.();
    const before = this.breaker.phase();
    this.breaker.dispose?.();
    this.cause = { kind: "other", what: "restore" };
    if (stepMs !== 0) this.laboratory.stepClock(0, stepMs);
    for (const call of this.calls) if (call.state === "live" || call.state === "waiting") call.state = "settled";
    this.breaker = await this.adapter.make(this.spec, this.laboratory, { state, hooks: this.hooks, spec: this.spec });
    this.laboratory.note(`${before} -> ${this.breaker.phase()}`);
    this.observe();
    this.throwBroken();
  }

  /** Keeps the first check that failed. */
  expect(condition: boolean, expected: string): void {
    if (!condition) this.broken ??= new LawBroken(expected);
  }

  dispose(): void {
    for (const call of this.calls) if (call.state === "live") call.finish("ignored");
    this.breaker.dispose?.();
  }

  private async rest(asked: ReadonlyArray<TrialCall>): Promise<void> {
    await this.laboratory.drain();
    this.observe();
    for (const call of asked) if (call.state === "waiting" && call.answered) this.refuse(call);
    for (const call of asked) if (call.state === "waiting") call.waited = true;
    this.watch.onRest?.(this);
  }

  private refuse(call: TrialCall): void {
    call.state = "refused";
    if (!call.aborted) this.watch.onRefused?.(call, this);
  }

  /** Reads the phase; a change ends the epoch. */
  private observe(): void {
    const phase = this.breaker.phase();
    if (phase === this.phase) return;
    const transition = { from: this.phase, to: phase, atMs: this.nowMs, cause: this.cause, epoch: this.epoch };
    this.transitions.push(transition);
    this.watch.onTransition?.(transition, this);
    this.phase = phase;
    this.phaseSinceMs = this.nowMs;
    this.epoch++;
    this.samplesAtPhaseStart = this.samples.length;
  }

  private started(call: TrialCall): void {
    this.observe();
    call.state = "live";
    call.phase = this.phase;
    call.epoch = this.epoch;
    call.startedAtMs = this.nowMs;
    this.watch.onStart?.(call, this);
    if (!this.nests) return;
    this.nests = false;
    this.ask(call.node);
  }

  private ask(node: number): TrialCall {
    const controller = new AbortController();
    const work = deferred();
    let permit: Permit | undefined;
    const { breaker } = this;
    const call: TrialCall = {
      number: this.calls.length + 1,
      node,
      askedAtMs: this.nowMs,
      state: "waiting",
      phase: this.phase,
      epoch: this.epoch,
      startedAtMs: Number.NaN,
      aborted: false,
      waited: false,
      answered: false,
      threw: false,
      abort: () => controller.abort(),
      finish: (outcome) => {
        if (permit !== undefined) return permit.settle(outcome);
        if (outcome === "success") work.resolve();
        else work.reject(outcome === "failure" ? new Error("the backend failed") : new IgnoredOutcome("left out of account"));
        return undefined;
      },
    };
    this.calls.push(call);
    const answered = (): void => {
      call.answered = true;
    };
    if ("admit" in breaker) {
      const asked = breaker.admit({ node, signal: controller.signal });
      const decided = (given: Permit | undefined): void => {
        permit = given;
        if (given === undefined) call.answered = true;
        else this.started(call);
      };
      if (isPlain(asked)) decided(asked);
      else void this.laboratory.answer(asked).then(decided, answered);
      return call;
    }
    const run = (): Promise<unknown> => {
      this.started(call);
      if (!this.throws) return work.promise;
      call.threw = true;
      this.cause = { kind: "settle", call, outcome: "failure" };
      call.state = "settled";
      this.samples.push({ atMs: this.nowMs, failed: true, epoch: call.epoch });
      throw new Error("the backend failed at once");
    };
    // A library may throw at once instead of rejecting.
    void this.laboratory.answer(attempt(() => breaker.execute(run, { node, signal: controller.signal }))).then(answered, answered);
    return call;
  }

  private throwBroken(): void {
    if (this.broken !== undefined) throw this.broken;
  }
}

const isPlain = (asked: unknown): asked is Permit | undefined =>
  asked === undefined || (typeof asked === "object" && asked !== null && "settle" in asked);

const attempt = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
};

const deferred = (): { readonly promise: Promise<unknown>; readonly resolve: () => void; readonly reject: (error: Error) => void } => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // A refused call never reads its work's promise.
  promise.catch(() => undefined);
  return { promise, resolve: () => resolve(undefined), reject };
};

const described = (call: TrialCall): string => `call ${call.number} ${call.state === "live" ? "runs" : call.state}`;

const tally = (calls: ReadonlyArray<TrialCall>): string => {
  const count = (state: TrialCall["state"]): number => calls.filter((call) => call.state === state).length;
  return `calls ${calls[0]?.number}-${calls.at(-1)?.number}: ${count("live")} run, ${count("waiting")} wait, ${count("refused")} refused`;
};
