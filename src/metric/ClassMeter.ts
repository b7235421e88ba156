import { Histogram } from "../kernel/Histogram.ts";
import { Summary } from "../kernel/Summary.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import type { Outcome } from "./Result.ts";

/** What is measured of one traffic class in one replication. */
export class ClassMeter {
  declare readonly spec: TrafficClassSpec;
  readonly ttftMs = new Summary();
  readonly tpotMs = new Summary();
  readonly e2eMs = new Summary();
  readonly queueWaitMs = new Summary();
  /** Gaps between tokens, recorded by the engines. */
  readonly itlMs = new Histogram();
  readonly outcomes: { [K in Outcome]: number } = {
    completed: 0,
    degraded: 0,
    cached: 0,
    rejected: 0,
    shed: 0,
    expired: 0,
    failed: 0,
    abandoned: 0,
    unfinished: 0,
  };
  requests = 0;
  attempts = 0;
  good = 0;
  // Doubles from the start, by -0: sums above 2^31 would make V8 compile everything around them anew.
  promptTokens = -0;
  cachedTokens = -0;
  outputTokens = -0;
  wastedTokens = -0;
  declare private readonly ttftBoundMs: number;
  declare private readonly tpotBoundMs: number;
  declare private readonly e2eBoundMs: number;

  constructor(spec: TrafficClassSpec) {
    this.spec = spec;
    this.ttftBoundMs = spec.slo.ttftMs ?? Infinity;
    this.tpotBoundMs = spec.slo.tpotMs ?? Infinity;
    this.e2eBoundMs = spec.slo.e2eMs ?? Infinity;
    this.promptTokens = this.cachedTokens = this.outputTokens = this.wastedTokens = 0;
  }

  /** Does an answer meet every bound of the SLO? A TPOT that is undefined (NaN) meets any. */
  meets(ttftMs: number, tpotMs: number, e2eMs: number): boolean {
    return ttftMs <= this.ttftBoundMs && e2eMs <= this.e2eBoundMs && !(tpotMs > this.tpotBoundMs);
  }

  answer(ttftMs: number, tpotMs: number, e2eMs: number, queueWaitMs: number): void {
    this.ttftMs.record(ttftMs);
    if (tpotMs === tpotMs) this.tpotMs.record(tpotMs);
    this.e2eMs.record(e2eMs);
    this.queueWaitMs.record(queueWaitMs);
  }
}
