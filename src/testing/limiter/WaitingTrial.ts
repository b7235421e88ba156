import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { BulkheadAdapter, WaitingAdapter, WaitingLimiter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";

export interface Job {
  readonly number: number;
  readonly submittedAtMs: number;
  state: "waiting" | "running" | "ended" | "refused";
  startedAtMs: number;
  aborted: boolean;
  /** Was accepted: still waited when its operation was over. */
  accepted: boolean;
  answered: boolean;
  readonly abort: () => void;
  readonly end: () => void;
}

export interface WaitingWatch {
  readonly onStart?: (job: Job, trial: WaitingTrial) => void;
  readonly onRest?: (trial: WaitingTrial) => void;
}

/** One limiter that queues jobs, or bounds how many run, in one history. */
export class WaitingTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: RateLimiterSpec;
  declare readonly slots: number;
  readonly jobs: Array<Job> = [];
  readonly startsMs: Array<number> = [];
  declare private readonly limiter: WaitingLimiter;
  declare private readonly watch: WaitingWatch;
  /** Jobs of a rate limiter end as soon as they start. */
  declare private readonly endsAtOnce: boolean;
  private broken: LawBroken | undefined;

  static async start(
    adapter: WaitingAdapter | BulkheadAdapter,
    spec: RateLimiterSpec,
    laboratory: Laboratory,
    watch: WaitingWatch,
  ): Promise<WaitingTrial> {
    const slots = adapter.behavior === "bulkhead" ? adapter.slots : Number.POSITIVE_INFINITY;
    return new WaitingTrial({ limiter: await adapter.make(spec, laboratory), spec, laboratory, watch, slots });
  }

  constructor(options: {
    readonly limiter: WaitingLimiter;
    readonly spec: RateLimiterSpec;
    readonly laboratory: Laboratory;
    readonly watch: WaitingWatch;
    readonly slots: number;
  }) {
    this.limiter = options.limiter;
    this.spec = options.spec;
    this.laboratory = options.laboratory;
    this.watch = options.watch;
    this.slots = options.slots;
    this.endsAtOnce = options.slots === Number.POSITIVE_INFINITY;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  running(): ReadonlyArray<Job> {
    return this.jobs.filter((job) => job.state === "running");
  }

  waiting(): ReadonlyArray<Job> {
    return this.jobs.filter((job) => job.state === "waiting");
  }

  async submit(count = 1): Promise<void> {
    const jobs = Array.from({ length: count }, () => this.ask());
    await this.rest();
    this.laboratory.note(jobs.map((job) => `job ${job.number} ${job.state}`).join(", "));
    this.throwBroken();
  }

  /** A job ends, and so many microtasks later others arrive. */
  async endAndArrive(job: Job, microtasks: number, arrivals: number): Promise<void> {
    job.end();
    for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
    for (let arrival = 0; arrival < arrivals; arrival++) this.ask();
    await this.rest();
    this.laboratory.note(`job ${job.number}; ${this.jobs.map((one) => `job ${one.number} ${one.state}`).join(", ")}`);
    this.throwBroken();
  }

  async abort(job: Job): Promise<void> {
    job.aborted = true;
    job.abort();
    await this.rest();
    this.laboratory.note(`job ${job.number}`);
    this.throwBroken();
  }

  async advance(ms: number): Promise<void> {
    const before = this.startsMs.length;
    await this.laboratory.advance(ms);
    await this.rest();
    const started = this.jobs.filter((job) => job.startedAtMs > this.nowMs - ms && this.startsMs.length > before);
    if (started.length > 0) this.laboratory.note(started.map((job) => `job ${job.number} starts at ${job.startedAtMs} ms`).join(", "));
    this.throwBroken();
  }

  async pause(ms: number): Promise<void> {
    await this.laboratory.pause(ms);
    await this.rest();
    this.throwBroken();
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) this.broken ??= new LawBroken(expected);
  }

  dispose(): void {
    for (const job of this.jobs) {
      job.abort();
      job.end();
    }
    this.limiter.dispose?.();
  }

  private async rest(): Promise<void> {
    await this.laboratory.drain();
    for (const job of this.waiting()) {
      if (!job.answered) job.accepted = true;
      else job.state = "refused";
    }
    this.watch.onRest?.(this);
  }

  private ask(): Job {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const job: Job = {
      number: this.jobs.length + 1,
      submittedAtMs: this.nowMs,
      state: "waiting",
      startedAtMs: Number.NaN,
      aborted: false,
      accepted: false,
      answered: false,
      abort: () => controller.abort(),
      end: () => {
        if (job.state === "running") job.state = "ended";
        resolve();
      },
    };
    this.jobs.push(job);
    const run = (): Promise<void> => {
      job.state = "running";
      job.startedAtMs = this.nowMs;
      this.startsMs.push(this.nowMs);
      this.watch.onStart?.(job, this);
      if (this.endsAtOnce) job.end();
      return promise;
    };
    const answered = (): void => {
      job.answered = true;
    };
    void this.laboratory.answer((async () => this.limiter.submit(run, { signal: controller.signal }))()).then(answered, answered);
    return job;
  }

  private throwBroken(): void {
    if (this.broken !== undefined) throw this.broken;
  }
}
