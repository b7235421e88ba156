import fc from "fast-check";
import type { Laboratory } from "../Laboratory.ts";
import type { Law, LawKind } from "../Law.ts";
import { lawOf } from "../Law.ts";
import { LawBroken } from "../LawBroken.ts";
import { weighted } from "../Operation.ts";
import type { Operation, WeightedOperation } from "../Operation.ts";
import { spanText } from "../spanText.ts";
import type { RetryAdapter, RetryCall, RetryFeatures, RetrySpec, RetryUnderTest } from "./RetryAdapter.ts";
import { RejectedLocally, ServerHint } from "./RetryAdapter.ts";

/**
 * The laws that apply to a retry policy, each ready to be checked.
 *
 * @example
 * for (const law of retryLaws(adapter)) test(law.title, () => law.check());
 */
export const retryLaws = (adapter: RetryAdapter, spec: RetrySpec = adapter.spec): ReadonlyArray<Law> =>
  LAWS.filter((law) => law.applies?.(adapter.features ?? {}) ?? true).map((law) =>
    lawOf<RetryTrial>({
      id: law.id,
      ...(law.part === undefined ? {} : { part: law.part }),
      kind: law.kind,
      title: law.title,
      target: adapter.name,
      laboratory: adapter.laboratory,
      operations: operations(spec, adapter.features ?? {}),
      start: async (laboratory) => new RetryTrial(await laboratory.answer(adapter.make(spec, laboratory)), spec, laboratory, law),
      dispose: (trial) => trial.dispose(),
    }),
  );

interface RetryLaw {
  readonly id: string;
  readonly part?: string;
  readonly kind: LawKind;
  readonly title: string;
  readonly applies?: (features: RetryFeatures) => boolean;
  readonly onAttempt?: (request: Request, trial: RetryTrial) => void;
  readonly onRest?: (trial: RetryTrial) => void;
}

const LAWS: ReadonlyArray<RetryLaw> = [
  {
    id: "R-1",
    kind: "S",
    title: "no more attempts than one and the retries",
    onAttempt: (request, trial) =>
      trial.expect(
        request.attempts <= trial.spec.retries + 1,
        `at most ${trial.spec.retries + 1} attempts; this is number ${request.attempts}`,
      ),
  },
  {
    id: "R-3",
    kind: "S",
    title: "no attempt starts after the abort",
    onAttempt: (request, trial) =>
      trial.expect(request.abortedAtMs === undefined, `request ${request.number} was aborted: no further attempt starts`),
  },
  {
    id: "R-3",
    part: "deadline",
    kind: "S",
    title: "no attempt starts after the deadline",
    applies: (features) => features.deadlines === true,
    onAttempt: (request, trial) =>
      trial.expect(
        request.attempts === 1 || trial.laboratory.elapsedMs < request.deadlineMs,
        `the deadline of request ${request.number} was at ${request.deadlineMs} ms: no further attempt starts`,
      ),
  },
  {
    id: "R-4",
    kind: "V",
    title: "an abort during the backoff gives the caller its answer at once",
    onRest: (trial) => {
      const stuck = trial.requests.find(
        (request) => request.abortedAtMs !== undefined && !request.answered && request.running === undefined,
      );
      trial.expect(stuck === undefined, `request ${stuck?.number} was aborted while it waited: its caller must have an answer now`);
    },
  },
  {
    id: "R-5",
    kind: "S",
    title: "each delay is the one that was asked for",
    onAttempt: (request, trial) => {
      if (request.failedAtMs === undefined || request.hint !== undefined) return;
      const delayMs = trial.laboratory.elapsedMs - request.failedAtMs;
      const [leastMs, mostMs] = trial.spec.delayMs?.(request.attempts - 1) ?? [trial.spec.backoffMs, trial.spec.backoffMs];
      trial.expect(
        delayMs >= leastMs && delayMs <= mostMs,
        `the delay is ${spanText(leastMs)}${leastMs === mostMs ? "" : ` to ${spanText(mostMs)}`}; it was ${spanText(delayMs)}`,
      );
    },
  },
  {
    id: "R-6",
    kind: "S",
    title: "what the server says is the least wait, and where it is negative or unreadable nobody retries",
    applies: (features) => features.hints === true,
    onAttempt: (request, trial) => {
      if (request.hint === undefined) return;
      const waitedMs = trial.laboratory.elapsedMs - (request.failedAtMs ?? 0);
      const leastMs = HINTS.get(request.hint) ?? Infinity;
      trial.expect(
        waitedMs >= leastMs,
        leastMs === Infinity
          ? `after "${request.hint}" there is no retry`
          : `after "${request.hint}" the next attempt waits ${spanText(leastMs)}`,
      );
    },
  },
  {
    id: "R-9",
    kind: "S",
    title: "what was rejected locally is not retried",
    applies: (features) => features.localRejections === true,
    onAttempt: (request, trial) => trial.expect(!request.rejectedLocally, `request ${request.number} was rejected locally: no retry`),
  },
  {
    id: "R-12",
    kind: "S",
    title: "latency is sampled per attempt",
    applies: (features) => features.samples === true,
    onRest: (trial) => {
      for (const request of trial.requests)
        trial.expect(
          request.sampledMs.join() === request.tookMs.join(),
          `the attempts of request ${request.number} took ${request.tookMs.join(", ")} ms; sampled were ${request.sampledMs.join(", ")}`,
        );
    },
  },
  {
    id: "R-13",
    kind: "V",
    title: "one request's failures take no retries from another",
    onRest: (trial) => {
      const short = trial.requests.find(
        (request) =>
          request.answered &&
          !request.succeeded &&
          request.abortedAtMs === undefined &&
          request.hint === undefined &&
          !request.rejectedLocally &&
          request.deadlineMs === Infinity &&
          request.attempts < trial.spec.retries + 1,
      );
      trial.expect(short === undefined, `request ${short?.number} gave up after ${short?.attempts} attempts of ${trial.spec.retries + 1}`);
    },
  },
];

/** Retry-After as servers send it, and the least wait that it means; Infinity: do not retry. */
const HINTS: ReadonlyMap<string, number> = new Map([
  ["0", 0],
  ["30", 30_000],
  ["Wed, 21 Oct 2015 07:28:00 GMT", 0],
  ["9999999999", 9_999_999_999_000],
  ["-1", Infinity],
  ["1.5", Infinity],
  ["soon", Infinity],
  ["", Infinity],
]);

interface Request {
  readonly number: number;
  readonly deadlineMs: number;
  /** Of the last failure. */
  hint: string | undefined;
  rejectedLocally: boolean;
  startedAtMs: number;
  readonly tookMs: Array<number>;
  readonly sampledMs: Array<number>;
  readonly abort: () => void;
  attempts: number;
  running: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  failedAtMs: number | undefined;
  abortedAtMs: number | undefined;
  answered: boolean;
  succeeded: boolean;
}

class RetryTrial {
  readonly requests: Array<Request> = [];
  declare readonly spec: RetrySpec;
  declare readonly laboratory: Laboratory;
  declare private readonly policy: RetryUnderTest;
  declare private readonly law: RetryLaw;
  private broken: LawBroken | undefined;

  constructor(policy: RetryUnderTest, spec: RetrySpec, laboratory: Laboratory, law: RetryLaw) {
    this.policy = policy;
    this.spec = spec;
    this.laboratory = laboratory;
    this.law = law;
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) this.broken ??= new LawBroken(expected);
  }

  async ask(limitMs = Infinity): Promise<void> {
    const controller = new AbortController();
    const request: Request = {
      number: this.requests.length + 1,
      deadlineMs: this.laboratory.elapsedMs + limitMs,
      hint: undefined,
      rejectedLocally: false,
      startedAtMs: 0,
      tookMs: [],
      sampledMs: [],
      abort: () => controller.abort(),
      attempts: 0,
      running: undefined,
      failedAtMs: undefined,
      abortedAtMs: undefined,
      answered: false,
      succeeded: false,
    };
    this.requests.push(request);
    const attempt = (): Promise<unknown> => {
      request.attempts++;
      request.startedAtMs = this.laboratory.elapsedMs;
      this.laboratory.note(`request ${request.number}, attempt ${request.attempts}`);
      this.law.onAttempt?.(request, this);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      request.running = { resolve: () => resolve(undefined), reject };
      return promise;
    };
    const answered = (succeeded: boolean) => (): void => {
      request.answered = true;
      request.succeeded = succeeded;
    };
    const call: RetryCall = {
      signal: controller.signal,
      deadlineMs: request.deadlineMs,
      sample: (ms) => request.sampledMs.push(ms),
    };
    void this.laboratory.answer((async () => this.policy.execute(attempt, call))()).then(answered(true), answered(false));
    await this.rest();
  }

  async settle(request: Request, succeeds: boolean, error = new Error("the attempt failed")): Promise<void> {
    const { running } = request;
    request.running = undefined;
    request.tookMs.push(this.laboratory.elapsedMs - request.startedAtMs);
    request.hint = error instanceof ServerHint ? error.retryAfter : undefined;
    request.rejectedLocally = error instanceof RejectedLocally;
    if (!succeeds) request.failedAtMs = this.laboratory.elapsedMs;
    if (succeeds) running?.resolve();
    else running?.reject(error);
    await this.rest();
  }

  async abort(request: Request): Promise<void> {
    request.abortedAtMs = this.laboratory.elapsedMs;
    request.abort();
    await this.rest();
  }

  async advance(ms: number): Promise<void> {
    await this.laboratory.advance(ms);
    await this.rest();
  }

  dispose(): void {
    for (const request of this.requests) {
      request.abort();
      request.running?.reject(new Error("the history is over"));
    }
  }

  private async rest(): Promise<void> {
    await this.laboratory.drain();
    this.law.onRest?.(this);
    if (this.broken !== undefined) throw this.broken;
  }
}

const failing = (arbitrary: fc.Arbitrary<readonly [string, () => Error]>): fc.Arbitrary<Operation<RetryTrial>> =>
  fc.tuple(arbitrary, fc.nat({ max: 3 })).map(([[text, error], index]) =>
    onRequest(
      text,
      index,
      (request) => request.running !== undefined,
      (trial, request) => trial.settle(request, false, error()),
    ),
  );

const operations = (spec: RetrySpec, features: RetryFeatures): ReadonlyArray<WeightedOperation<RetryTrial>> => [
  ...(features.deadlines
    ? [
        weighted(
          1,
          fc
            .constantFrom(spec.backoffMs, 3 * spec.backoffMs)
            .map((ms) => ({ text: `request with ${spanText(ms)} to go`, run: (trial: RetryTrial) => trial.ask(ms) })),
        ),
      ]
    : []),
  ...(features.hints
    ? [
        weighted(
          2,
          failing(fc.constantFrom(...HINTS.keys()).map((hint) => [`fail, Retry-After: ${hint}`, () => new ServerHint(hint)] as const)),
        ),
      ]
    : []),
  ...(features.localRejections
    ? [weighted(1, failing(fc.constant(["rejected locally", () => new RejectedLocally("the breaker is open")] as const)))]
    : []),
  weighted(2, fc.constant<Operation<RetryTrial>>({ text: "request", run: (trial) => trial.ask() })),
  weighted(
    4,
    fc.tuple(fc.nat({ max: 3 }), fc.boolean()).map(([index, succeeds]) =>
      onRequest(
        succeeds ? "ok" : "fail",
        index,
        (request) => request.running !== undefined,
        (trial, request) => trial.settle(request, succeeds),
      ),
    ),
  ),
  weighted(
    2,
    fc.nat({ max: 3 }).map((index) =>
      onRequest(
        "abort",
        index,
        (request) => !request.answered && request.abortedAtMs === undefined,
        (trial, request) => trial.abort(request),
      ),
    ),
  ),
  weighted(
    3,
    fc
      .constantFrom(spec.backoffMs, spec.backoffMs - 1, 1, Math.ceil(spec.backoffMs / 2))
      .map((ms) => ({ text: `tick ${spanText(ms)}`, run: (trial: RetryTrial) => trial.advance(ms) })),
  ),
];

const onRequest = (
  text: string,
  index: number,
  among: (request: Request) => boolean,
  run: (trial: RetryTrial, request: Request) => Promise<void>,
): Operation<RetryTrial> => ({
  text,
  possible: (trial) => trial.requests.some(among),
  run: async (trial) => {
    const requests = trial.requests.filter(among);
    const request = requests[index % requests.length];
    if (request === undefined) return;
    trial.laboratory.note(`request ${request.number}`);
    await run(trial, request);
  },
});
