import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import { FatalFailure } from "./HedgeAdapter.ts";
import type { HedgeSpec, HedgeUnderTest } from "./HedgeAdapter.ts";

export type HedgeOutcome = "ok" | "fail" | "fatal";

export interface HedgeAttempt {
  readonly number: number;
  readonly startedAtMs: number;
  /** How often it was told that it lost. */
  cancelled: number;
  outcome: HedgeOutcome | undefined;
  readonly finish: (outcome: HedgeOutcome) => void;
}

export interface HedgeRequest {
  readonly number: number;
  readonly attempts: Array<HedgeAttempt>;
  /** The attempt whose success it answered with; 0: it failed. */
  answer: number | undefined;
  /** What its ends demand. */
  due: number | undefined;
  lastFailureMs: number;
}

export interface HedgeWatch {
  readonly onAttempt?: (request: HedgeRequest, trial: HedgeTrial) => void;
  readonly onRest?: (trial: HedgeTrial) => void;
}

/** One hedging policy in one history. */
export class HedgeTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: HedgeSpec;
  readonly requests: Array<HedgeRequest> = [];
  declare private readonly policy: HedgeUnderTest;
  declare private readonly watch: HedgeWatch;
  private broken: LawBroken | undefined;

  constructor(policy: HedgeUnderTest, spec: HedgeSpec, laboratory: Laboratory, watch: HedgeWatch) {
    this.policy = policy;
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
  }

  /** Attempts without an outcome; those that were told that they lost may still have one. */
  running(): ReadonlyArray<readonly [HedgeRequest, HedgeAttempt]> {
    return this.requests.flatMap((request) =>
      request.attempts.filter((attempt) => attempt.outcome === undefined).map((attempt) => [request, attempt] as const),
    );
  }

  get hedges(): number {
    return this.requests.reduce((sum, request) => sum + request.attempts.length - 1, 0);
  }

  async ask(): Promise<void> {
    const request: HedgeRequest = {
      number: this.requests.length + 1,
      attempts: [],
      answer: undefined,
      due: undefined,
      lastFailureMs: Number.NEGATIVE_INFINITY,
    };
    this.requests.push(request);
    void this.laboratory.answer((async () => this.policy.execute(({ signal }) => this.attempt(request, signal)))()).then(
      (value) => {
        request.answer = Number(value);
      },
      () => {
        request.answer = 0;
      },
    );
    await this.rest();
  }

  async end(request: HedgeRequest, attempt: HedgeAttempt, outcome: HedgeOutcome): Promise<void> {
    this.laboratory.note(`request ${request.number}, attempt ${attempt.number}`);
    this.finish(request, attempt, outcome);
    await this.rest();
  }

  /** Two attempts of one request succeed in one microtask. */
  async tie(request: HedgeRequest): Promise<void> {
    for (const attempt of request.attempts) if (attempt.outcome === undefined) this.finish(request, attempt, "ok");
    this.laboratory.note(`request ${request.number}`);
    await this.rest();
  }

  async advance(ms: number): Promise<void> {
    await this.laboratory.advance(ms);
    await this.rest();
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) this.broken ??= new LawBroken(expected);
  }

  dispose(): void {
    for (const [, attempt] of this.running()) attempt.finish("fatal");
  }

  private finish(request: HedgeRequest, attempt: HedgeAttempt, outcome: HedgeOutcome): void {
    attempt.outcome = outcome;
    if (request.due === undefined && outcome === "ok") request.due = attempt.number;
    if (request.due === undefined && outcome === "fatal") request.due = 0;
    if (outcome === "fail") request.lastFailureMs = this.laboratory.elapsedMs;
    attempt.finish(outcome);
  }

  private attempt(request: HedgeRequest, signal: AbortSignal): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    const number = request.attempts.length + 1;
    const attempt: HedgeAttempt = {
      number,
      startedAtMs: this.laboratory.elapsedMs,
      cancelled: 0,
      outcome: undefined,
      finish: (outcome) => {
        if (outcome === "ok") resolve(number);
        else reject(outcome === "fatal" ? new FatalFailure("fatal") : new Error("the attempt failed"));
      },
    };
    signal.addEventListener("abort", () => attempt.cancelled++);
    request.attempts.push(attempt);
    this.laboratory.note(`request ${request.number}, attempt ${number} starts`);
    this.watch.onAttempt?.(request, this);
    return promise;
  }

  private async rest(): Promise<void> {
    await this.laboratory.drain();
    this.watch.onRest?.(this);
    if (this.broken !== undefined) throw this.broken;
  }
}
