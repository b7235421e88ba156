import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import { mostWithin } from "./Bound.ts";
import type { Bound } from "./Bound.ts";
import type { Consume, Decision, RefusingAdapter, RefusingLimiter } from "./RateLimiterAdapter.ts";
import type { LimiterSettings, RateLimiterSpec } from "./RateLimiterSpec.ts";

export interface Passed {
  readonly atMs: number;
  readonly cost: number;
}

export interface Asked {
  readonly call: Consume;
  readonly decision: Decision;
  readonly atMs: number;
}

/** What a law watches; may throw `LawBroken`. */
export interface LimiterWatch {
  readonly onDecision?: (asked: Asked, trial: LimiterTrial) => void;
}

/** Sums in floating point. */
const ROUNDING = 1e-6;

/** One refusing limiter in one history, and perhaps a second one with which it is compared. */
export class LimiterTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: RateLimiterSpec;
  declare readonly watch: LimiterWatch;
  declare readonly limiter: RefusingLimiter;
  /** A second limiter under the same clocks, for laws that compare. */
  twin: RefusingLimiter | undefined;
  /** Admitted calls of a cost above zero, on the main key. */
  readonly passed: Array<Passed> = [];
  lastChargeMs = Number.NEGATIVE_INFINITY;
  /** What comes after it would be judged in another world. */
  over = false;
  /** Set by the law about refusals: the twin did not see one. */
  omitted: "nothing yet" | "omitting" | "comparing" = "nothing yet";
  /** Set by laws that compare: asks the twin what this one was asked. */
  declare compare: (() => Promise<void>) | undefined;
  declare private readonly adapter: RefusingAdapter;
  private made = 0;
  private attempts = 0;

  static async start(adapter: RefusingAdapter, spec: RateLimiterSpec, laboratory: Laboratory, watch: LimiterWatch): Promise<LimiterTrial> {
    const limiter = await adapter.make(spec, laboratory, laboratory.uniqueKey("a"));
    return new LimiterTrial({ adapter, spec, laboratory, watch, limiter });
  }

  constructor(options: {
    readonly adapter: RefusingAdapter;
    readonly spec: RateLimiterSpec;
    readonly laboratory: Laboratory;
    readonly watch: LimiterWatch;
    readonly limiter: RefusingLimiter;
  }) {
    this.adapter = options.adapter;
    this.spec = options.spec;
    this.laboratory = options.laboratory;
    this.watch = options.watch;
    this.limiter = options.limiter;
    this.limit = options.spec.limit;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  /** A new limiter of the same settings, with nothing used. */
  async fresh(settings: LimiterSettings = this.spec): Promise<RefusingLimiter> {
    return this.adapter.make(settings, this.laboratory, this.laboratory.uniqueKey(`twin${this.made++}`));
  }

  /** One call, or several in one microtask, on the main limiter. */
  async consume(call: Partial<Consume> = {}, count = 1): Promise<ReadonlyArray<Decision>> {
    const full: Consume = { key: "k", cost: 1, node: 0, id: "", ...call };
    const decisions = await this.ask(this.limiter, full, count);
    this.laboratory.note(decisionsText(decisions));
    for (const decision of decisions) {
      if (decision.admitted && full.key === "k" && full.cost > 0) {
        this.passed.push({ atMs: this.nowMs, cost: full.cost });
        this.lastChargeMs = this.nowMs;
      }
      this.watch.onDecision?.({ call: full, decision, atMs: this.nowMs }, this);
    }
    await this.compare?.();
    return decisions;
  }

  /** The same on any limiter, unrecorded. */
  async ask(limiter: RefusingLimiter, call: Consume, count = 1): Promise<ReadonlyArray<Decision>> {
    this.laboratory.selectNode(call.node);
    return Promise.all(
      Array.from({ length: count }, () => this.decision(limiter, { ...call, id: call.id || `attempt${++this.attempts}` })),
    );
  }

  private async decision(limiter: RefusingLimiter, call: Consume): Promise<Decision> {
    let decision: Decision;
    try {
      decision = await this.laboratory.answer(limiter.consume(call));
    } catch (fault) {
      return { admitted: false, because: fault instanceof Error ? fault.message : String(fault) };
    }
    if (typeof decision?.admitted !== "boolean")
      throw new TypeError(`consume answers { admitted: boolean, waitMs?: number }; it answered ${JSON.stringify(decision)}`);
    return decision;
  }

  /** The largest excess over the bound among intervals that end with the last admitted call, and its sums. */
  worstInterval(bound: Bound): { readonly passed: number; readonly ms: number; readonly most: number } | undefined {
    let sum = 0;
    for (const one of this.passed.toReversed()) {
      sum += one.cost;
      const ms = this.nowMs - one.atMs;
      const most = mostWithin(bound, ms);
      if (sum > most + ROUNDING) return { passed: sum, ms, most };
    }
    return undefined;
  }

  /** Whether admitting this cost now would break the bound. */
  justified(bound: Bound, cost: number): boolean {
    let sum = cost;
    if (sum > mostWithin(bound, 0) + ROUNDING) return true;
    for (const one of this.passed.toReversed()) {
      sum += one.cost;
      if (sum > mostWithin(bound, this.nowMs - one.atMs) + ROUNDING) return true;
    }
    return false;
  }

  /** Limit in force, and the highest one of this instant before it. */
  declare limit: number;
  sinceMs = 0;

  reconfigure(limit: number): void {
    // Only one raise in an instant has an exact bound.
    const again = this.sinceMs === this.nowMs && this.changes++ > 0;
    this.changes = again ? this.changes : 1;
    this.formerLimit = again || limit < this.limit ? undefined : this.limit;
    this.limit = limit;
    this.sinceMs = this.nowMs;
    this.passedBefore = this.passed.length;
    this.limiter.reconfigure?.({ limit, windowMs: this.spec.windowMs });
  }

  formerLimit: number | undefined;
  private changes = 0;
  /** Admitted before the last change. */
  passedBefore = 0;

  expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }

  dispose(): void {
    this.limiter.dispose?.();
    this.twin?.dispose?.();
  }
}

const decisionsText = (decisions: ReadonlyArray<Decision>): string => {
  const [only] = decisions;
  const admitted = decisions.filter((decision) => decision.admitted).length;
  if (decisions.length > 1 || only === undefined) return `${admitted} of ${decisions.length} admitted`;
  if (only.admitted) return "admitted";
  if (only.because !== undefined) return `refused (${only.because.split("\n")[0]})`;
  return only.waitMs === undefined ? "refused" : `refused, wait ${only.waitMs} ms`;
};
