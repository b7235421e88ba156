import { ClientThrottle } from "./ClientThrottle.ts";
import { Codel } from "./Codel.ts";
import type { DelayControl } from "./DelayControl.ts";
import { PriorityLevel } from "./PriorityLevel.ts";
import { QueueBound } from "./QueueBound.ts";
import type { Shedder, ShedRequest } from "./Shedder.ts";
import { Verdict } from "./Shedder.ts";
import type { DelaySpec, ShedderSpec, ThrottleSpec } from "./ShedderSpec.ts";
import { StandingTimeout } from "./StandingTimeout.ts";
import { SuccessThrottle } from "./SuccessThrottle.ts";
import { newestAfterMs } from "./TakeOrder.ts";

/**
 * The shedder that a spec describes: throttle and priority decide at arrival, the bound when a request must wait, delay control and deadline when its
 * turn comes. What is dropped after it waited counts as waited. With deadlines nothing starts that would end after its deadline.
 */
export class QueueShedder implements Shedder {
  declare readonly name: string;
  readonly #bound: QueueBound;
  readonly #newestAfterMs: number;
  readonly #delay: DelayControl | undefined;
  readonly #priority: PriorityLevel | undefined;
  readonly #client: ClientThrottle | undefined;
  readonly #success: SuccessThrottle | undefined;
  readonly #deadlines: boolean;

  /** Throws SettingFault. */
  constructor(spec: ShedderSpec) {
    this.name = spec.order.kind;
    this.#bound = new QueueBound(spec);
    this.#newestAfterMs = newestAfterMs(spec.order);
    this.#delay = spec.delay === undefined ? undefined : delayControlOf(spec.delay);
    this.#priority = spec.priority === undefined ? undefined : new PriorityLevel(spec.priority);
    this.#client = throttleOf(spec.throttle, "client", ClientThrottle);
    this.#success = throttleOf(spec.throttle, "success", SuccessThrottle);
    this.#deadlines = spec.deadlines;
  }

  get waiting(): number {
    return this.#bound.requests;
  }

  get waitingTokens(): number {
    return this.#bound.tokens;
  }

  arrive(request: ShedRequest, draw: number, nowMs: number): number {
    if (this.#client?.admits(draw, nowMs) === false || this.#success?.admits(draw, nowMs) === false) return Verdict.Throttled;
    return this.#priority?.admits(request.business, request.user, this.waiting, nowMs) === false ? Verdict.LowPriority : Verdict.Pass;
  }

  enter(request: ShedRequest, nowMs: number): number {
    return this.#bound.enter(request.tokens, nowMs);
  }

  newestFirst(nowMs: number): boolean {
    return this.#bound.standingMs(nowMs) >= this.#newestAfterMs;
  }

  start(request: ShedRequest, waitedMs: number, queued: boolean, nowMs: number): number {
    const verdict = this.#judge(request, waitedMs, queued, nowMs);
    if (queued) this.#bound.leave(request.tokens, nowMs);
    // Who dropped the last one finds nobody to take instead.
    if (verdict !== Verdict.Pass && this.waiting === 0) this.#delay?.foundEmpty();
    this.#priority?.started(waitedMs, this.waiting, nowMs);
    return verdict;
  }

  withdraw(request: ShedRequest, nowMs: number): void {
    this.#bound.leave(request.tokens, nowMs);
  }

  answered(accepted: boolean, nowMs: number): void {
    if (accepted) this.#client?.accepted(nowMs);
    this.#success?.answered(accepted, nowMs);
  }

  #judge(request: ShedRequest, waitedMs: number, queued: boolean, nowMs: number): number {
    if (this.#deadlines && nowMs + request.expectedServiceMs > request.deadlineMs) return Verdict.Expired;
    if (this.#delay === undefined) return Verdict.Pass;
    if (!queued) {
      this.#delay.foundEmpty();
      return Verdict.Pass;
    }
    const late = this.#delay.drops(waitedMs, this.waiting - 1, this.#bound.standingMs(nowMs), nowMs);
    return late ? Verdict.Delayed : Verdict.Pass;
  }
}

function delayControlOf(spec: DelaySpec): DelayControl {
  return spec.kind === "codel" ? new Codel(spec) : new StandingTimeout(spec);
}

function throttleOf<K extends ThrottleSpec["kind"], T>(
  spec: ThrottleSpec | undefined,
  kind: K,
  Throttle: new (settings: Extract<ThrottleSpec, { readonly kind: K }>) => T,
): T | undefined {
  return spec?.kind === kind ? new Throttle(spec as Extract<ThrottleSpec, { readonly kind: K }>) : undefined;
}
