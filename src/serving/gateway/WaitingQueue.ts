import type { DelayRing } from "../../kernel/Kernel.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import { QueueShedder } from "../../policy/shedding/QueueShedder.ts";
import type { Shedder, ShedRequest } from "../../policy/shedding/Shedder.ts";
import { Verdict } from "../../policy/shedding/Shedder.ts";
import type { Attempts } from "../Attempts.ts";
import { SlotList } from "../engine/SlotList.ts";
import type { GatewayQueueSpec } from "../ServingSpec.ts";
import type { Simulation } from "../Simulation.ts";

/** Weight of the newest time in the mean service time that deadline rules expect. Assumed. */
const SERVICE_WEIGHT = 0.05;

export interface WaitingQueueOptions {
  /** Absent: nothing waits and nothing is shed by rules. */
  readonly spec: GatewayQueueSpec | undefined;
  /** Priority of each traffic class; lower is more urgent. */
  readonly priorities: ReadonlyArray<number>;
  readonly simulation: typeof Simulation.Service;
  readonly timeouts: DelayRing | undefined;
}

/** Attempts that wait at the gateway, and the rules of who joins, who is next and who is dropped. */
export class WaitingQueue {
  readonly lengthOverTime = new TimeAverage();
  private readonly list: SlotList;
  private readonly shedder: Shedder | undefined;
  private readonly simulation: typeof Simulation.Service;
  private readonly attempts: Attempts;
  private readonly timeouts: DelayRing | undefined;
  /** Business level of each traffic class, 0 the most urgent. */
  private readonly levels: ReadonlyArray<number>;
  private readonly userLevels: number;
  private readonly draw: () => number;
  private readonly request: ShedRequest = { tokens: 0, deadlineMs: Infinity, expectedServiceMs: 0, business: 0, user: 0 };
  private meanServiceMs = 0;

  constructor({ spec, priorities, simulation, timeouts }: WaitingQueueOptions) {
    this.simulation = simulation;
    this.attempts = simulation.attempts;
    this.timeouts = timeouts;
    this.list = new SlotList(simulation.attempts);
    this.shedder = spec === undefined ? undefined : new QueueShedder(spec.rules);
    const ranks = [...new Set(priorities)].toSorted((x, y) => x - y);
    this.levels = priorities.map((priority) => ranks.indexOf(priority));
    this.userLevels = spec?.rules.priority?.userLevels ?? 1;
    const sequence = simulation.streams.open("gateway/queue", "shedding").sequence();
    this.draw = () => sequence.unit();
  }

  get length(): number {
    return this.list.length;
  }

  /** Whether attempts may wait here at all. */
  get exists(): boolean {
    return this.shedder !== undefined;
  }

  /** At arrival, before anything else: 0 or the reason of a refusal. */
  arrive(attempt: number): number {
    return this.shedder === undefined ? Verdict.Pass : this.shedder.arrive(this.describe(attempt), this.draw(), this.simulation.kernel.now);
  }

  /** Joins the queue, or is refused. */
  enter(attempt: number): number {
    if (this.shedder === undefined) return Verdict.QueueFull;
    const now = this.simulation.kernel.now;
    const verdict = this.shedder.enter(this.describe(attempt), now);
    if (verdict !== Verdict.Pass) return verdict;
    this.list.pushBack(attempt);
    this.timeouts?.start(attempt);
    this.lengthOverTime.set(now, this.list.length);
    return verdict;
  }

  /** Who is next; the queue is not empty. */
  next(): number {
    return this.shedder!.newestFirst(this.simulation.kernel.now) ? this.list.last : this.list.first;
  }

  /** A replica is free for an attempt, queued or not: it leaves the queue and starts, or it is dropped. */
  start(attempt: number, queued: boolean): number {
    const { shedder } = this;
    if (shedder === undefined) return Verdict.Pass;
    const now = this.simulation.kernel.now;
    if (queued) this.leave(attempt);
    return shedder.start(this.describe(attempt), now - this.attempts.arrivalMs.at[attempt]!, queued, now);
  }

  /** Leaves by itself: hung up or timed out. */
  withdraw(attempt: number): void {
    this.leave(attempt);
    this.shedder!.withdraw(this.describe(attempt), this.simulation.kernel.now);
  }

  /** A forwarded attempt came back: answered after `serviceMs`, or not. */
  answered(accepted: boolean, serviceMs: number): void {
    if (this.shedder === undefined) return;
    if (accepted) this.meanServiceMs += (this.meanServiceMs === 0 ? 1 : SERVICE_WEIGHT) * (serviceMs - this.meanServiceMs);
    this.shedder.answered(accepted, this.simulation.kernel.now);
  }

  private leave(attempt: number): void {
    this.list.remove(attempt);
    this.timeouts?.stop(attempt);
    this.lengthOverTime.set(this.simulation.kernel.now, this.list.length);
  }

  private describe(attempt: number): ShedRequest {
    const { request, attempts } = this;
    request.tokens = attempts.promptTokens.at[attempt]!;
    request.deadlineMs = attempts.deadlineMs.at[attempt]!;
    request.expectedServiceMs = this.meanServiceMs;
    request.business = this.levels[attempts.classIndex.at[attempt]!]!;
    request.user = this.userLevels > 1 ? (attempts.streamKey.at[attempt]! * 0x9e3779b1) % this.userLevels : 0;
    return request;
  }
}
