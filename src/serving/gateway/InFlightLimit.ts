import type { Kernel } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import type { AdaptiveLimit } from "../../policy/concurrency/AdaptiveLimit.ts";
import { RouteEnd } from "../../policy/routing/Router.ts";
import type { Attempts } from "../Attempts.ts";
import type { AdaptiveLimitSpec } from "./adaptiveLimitOf.ts";

/** How many attempts the fleet may hold at once: a number, or one that follows how they end. */
export type ConcurrencySpec = { readonly kind: "fixed"; readonly limit: number; readonly perTenant?: number } | AdaptiveLimitSpec;

export interface InFlightLimitOptions {
  readonly spec: ConcurrencySpec;
  /** Tenant of each traffic class, counted from 0. */
  readonly tenantOf: Int32Array;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  readonly adaptiveLimit: (spec: AdaptiveLimitSpec) => AdaptiveLimit;
}

/** Bounds the attempts that the fleet holds, in all and per tenant, and learns from their ends where the bound is adaptive. */
export class InFlightLimit {
  /** Attempts turned away at once since the start of the measurement: there was no queue to wait in. */
  rejected = 0;
  declare readonly limitOverTime: TimeAverage;
  readonly inFlightOverTime = new TimeAverage();
  private readonly adaptive: AdaptiveLimit | undefined;
  declare private readonly perTenant: number;
  declare private readonly tenantOf: Int32Array;
  declare private readonly used: Int32Array;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly startedMs: Column<Float64Array>;
  declare private readonly amongst: Column<Int32Array>;
  /** 1: the gateway's time limit cut it. */
  declare private readonly timedOut: Column<Int32Array>;
  declare private limit: number;
  private inFlight = 0;

  constructor({ spec, tenantOf, kernel, attempts, adaptiveLimit }: InFlightLimitOptions) {
    this.adaptive = spec.kind === "fixed" ? undefined : adaptiveLimit(spec);
    this.limit = spec.kind === "fixed" ? spec.limit : this.adaptive!.limit;
    this.perTenant = spec.kind === "fixed" ? (spec.perTenant ?? Infinity) : Infinity;
    this.tenantOf = tenantOf;
    this.used = new Int32Array(tenantOf.reduce((most, tenant) => Math.max(most, tenant + 1), 1));
    this.kernel = kernel;
    this.attempts = attempts;
    this.startedMs = attempts.float64();
    this.amongst = attempts.int32();
    this.timedOut = attempts.int32();
    this.limitOverTime = new TimeAverage(0, this.limit);
  }

  /** Nobody may start now, whoever it is. */
  get full(): boolean {
    return this.inFlight >= this.limit;
  }

  admits(attempt: number): boolean {
    return this.inFlight < this.limit && this.used[this.tenant(attempt)]! < this.perTenant;
  }

  started(attempt: number): void {
    const { now } = this.kernel;
    this.used[this.tenant(attempt)]!++;
    this.inFlightOverTime.set(now, ++this.inFlight);
    this.startedMs.at[attempt] = now;
    this.attempts.takenMs.at[attempt] = now;
    this.amongst.at[attempt] = this.inFlight;
    this.timedOut.at[attempt] = 0;
  }

  /** The gateway stops waiting for it. */
  cut(attempt: number): void {
    this.timedOut.at[attempt] = 1;
  }

  /** It left the fleet, a `RouteEnd`. A cut or failed one is a drop; one whose client hung up says nothing. */
  ended(attempt: number, how: number): void {
    const { now } = this.kernel;
    this.used[this.tenant(attempt)]!--;
    this.inFlightOverTime.set(now, --this.inFlight);
    const dropped = how === RouteEnd.Failed || this.timedOut.at[attempt] === 1;
    if (this.adaptive === undefined || (how === RouteEnd.Cancelled && !dropped)) return;
    const startedMs = this.startedMs.at[attempt]!;
    const waitedMs = this.attempts.admittedMs.at[attempt]! - this.attempts.takenMs.at[attempt]!;
    this.adaptive.sample(now - startedMs, this.amongst.at[attempt]!, dropped, startedMs, waitedMs);
    if (this.adaptive.limit === this.limit) return;
    this.limit = this.adaptive.limit;
    this.limitOverTime.set(now, this.limit);
  }

  startMeasuring(): void {
    this.rejected = 0;
    this.limitOverTime.restart(this.kernel.now);
    this.inFlightOverTime.restart(this.kernel.now);
  }

  tenant(attempt: number): number {
    return this.tenantOf[this.attempts.classIndex.at[attempt]!]!;
  }
}
