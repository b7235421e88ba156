import type { BreakerSpec } from "../policy/breaker/BreakerSpec.ts";
import type { BackoffSettings } from "../policy/retry/Backoff.ts";
import type { RetryBudgetSpec } from "../policy/retry/RetryBudgetSpec.ts";
import type { ClientThrottleSettings } from "../policy/shedding/ClientThrottle.ts";

/** Numeric descriptions of traffic: what a scenario's `traffic` part becomes once its quantities are parsed. Times in ms, rates per second. */

/** A distribution; the unit of its values is that of the field that holds it (tokens, ms, turns). */
export type SamplerSpec =
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "uniform"; readonly min: number; readonly max: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "geometric"; readonly mean: number }
  | { readonly kind: "lognormal"; readonly mean: number; readonly p99: number }
  | { readonly kind: "gamma"; readonly mean: number; readonly cv: number }
  | { readonly kind: "weibull"; readonly mean: number; readonly cv: number }
  | { readonly kind: "pareto"; readonly alpha: number; readonly min: number; readonly max: number }
  | {
      readonly kind: "quantiles";
      readonly points: ReadonlyArray<{ readonly p: number; readonly value: number }>;
    }
  | {
      readonly kind: "mixture";
      readonly parts: ReadonlyArray<{ readonly shareRatio: number; readonly of: SamplerSpec }>;
    };

/** Rate over time. A piecewise curve holds its last value; a diurnal curve repeats every 24 h, linear between the middles of its hours. */
export type RateSpec =
  | { readonly kind: "constant"; readonly perSecond: number }
  | {
      readonly kind: "piecewise";
      readonly points: ReadonlyArray<{ readonly atMs: number; readonly perSecond: number }>;
      readonly interpolation: "step" | "linear";
    }
  | {
      readonly kind: "diurnal";
      readonly hourlyPerSecond: ReadonlyArray<number>;
      readonly startHour: number;
    };

export type ArrivalSpec =
  | { readonly kind: "poisson"; readonly rate: RateSpec }
  | { readonly kind: "gamma"; readonly rate: RateSpec; readonly cv: number }
  | { readonly kind: "weibull"; readonly rate: RateSpec; readonly cv: number }
  | { readonly kind: "deterministic"; readonly rate: RateSpec }
  | {
      readonly kind: "mmpp";
      readonly states: ReadonlyArray<{ readonly perSecond: number; readonly meanMs: number }>;
    }
  | {
      readonly kind: "closed";
      readonly users: number;
      readonly think: SamplerSpec;
      readonly rampUpMs: number;
    };

/** A surge on top of any open-loop rate. `factor` multiplies the rate at the top of the surge, `extraPerSecond` adds to it; a spike has exactly one of them.
 *  square: full height for durationMs. ramp: rises linearly to full height at the end of durationMs, then stops. decay: full height at once, then falls as exp(-t / durationMs). */
export interface SpikeSpec {
  readonly shape: "square" | "ramp" | "decay";
  readonly atMs: number;
  readonly durationMs: number;
  readonly factor?: number;
  readonly extraPerSecond?: number;
}

/** A share of requests that draw their lengths from other, longer distributions. */
export interface LongTailSpec {
  readonly shareRatio: number;
  readonly prompt?: SamplerSpec;
  readonly output?: SamplerSpec;
}

/** Conversations: an arrival starts one; each turn resends the whole context (prompts and answers so far) and adds a fresh prompt. */
export interface SessionSpec {
  readonly turns: SamplerSpec;
  readonly think: SamplerSpec;
  /** A session ends before a turn whose context would exceed this, in tokens. */
  readonly maxContextTokens: number;
}

/** Shared system prompts: `count` different ones of `tokens` each, chosen by Zipf popularity with exponent `zipf` (0 = uniform). They come in front of the prompt. */
export interface PrefixSpec {
  readonly count: number;
  readonly tokens: number;
  readonly zipf: number;
}

/** A share of requests that ask one of `contents` questions again, word by word; chosen by Zipf popularity with exponent `zipf` (0 = uniform). */
export interface RepeatSpec {
  readonly shareRatio: number;
  readonly contents: number;
  readonly zipf: number;
}

export type TraceFormat = "azure" | "burstgpt" | "mooncake" | "servegen" | "sharegpt" | "spillway";

export interface TraceSpec {
  readonly path: string;
  /** Recognized from the file's first line where absent. */
  readonly format?: TraceFormat;
  /** Requests per recorded request: 2 doubles the rate (each request is repeated with fresh, nearby times), 0.5 keeps a random half. */
  readonly rateScale: number;
  /** Recorded durations are multiplied by this: 0.5 replays twice as fast. */
  readonly timeScale: number;
  /** Window cut out of the recording, ms from its first row, before scaling. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly loop: boolean;
}

/** Bounds that a request must meet to count as goodput; absent bounds always hold. */
export interface SloSpec {
  readonly ttftMs?: number;
  readonly tpotMs?: number;
  readonly e2eMs?: number;
}

export interface RetrySpec {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxBackoffMs: number;
  readonly jitter: BackoffSettings["jitter"];
  /** Whether the wait that comes with a rejection replaces the backoff. */
  readonly honorRetryAfter: boolean;
  /** Bounds retries and hedges to a share of the load; each client has its own. */
  readonly budget?: RetryBudgetSpec;
}

/** When a client sends a further copy of a slow attempt. */
export interface HedgeSpec {
  /** Copies in all, the first included; >= 2. */
  readonly attempts: number;
  /** Wait before each further copy, in ms; or the quantile (0..1) of the class's own attempt times so far, `initialMs` until there are some. */
  readonly after: { readonly delayMs: number } | { readonly quantile: number; readonly initialMs: number };
}

export interface ClientSpec {
  /** From the arrival of the request over all its attempts; then it is `expired`. */
  readonly deadlineMs?: number;
  /** The client gives up when an attempt has no first token after this long; then the request is `abandoned`. */
  readonly patienceMs?: number;
  /** Limit of each attempt; when it passes, the client closes the connection and may try again. */
  readonly attemptTimeoutMs?: number;
  readonly retry?: RetrySpec;
  readonly hedge?: HedgeSpec;
  /** Each client's own view of the backend. */
  readonly breaker?: BreakerSpec;
  readonly throttle?: ClientThrottleSettings;
  /** Whether each client holds its attempts back to a rate that follows throttling answers. */
  readonly adaptiveRate?: boolean;
  /** Clients (processes) that the requests are spread over; each has a budget of its own. */
  readonly instances?: number;
}

export interface TrafficClassSpec {
  readonly name: string;
  readonly arrivals?: ArrivalSpec;
  readonly trace?: TraceSpec;
  readonly spikes: ReadonlyArray<SpikeSpec>;
  readonly prompt: SamplerSpec;
  readonly output: SamplerSpec;
  readonly longTail?: LongTailSpec;
  readonly session?: SessionSpec;
  readonly prefix?: PrefixSpec;
  readonly repeat?: RepeatSpec;
  /** Lower is more urgent. */
  readonly priority: number;
  readonly weight: number;
  readonly tenant: string;
  readonly slo: SloSpec;
  readonly client: ClientSpec;
}
