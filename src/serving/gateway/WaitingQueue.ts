import type { DelayRing } from "../../kernel/Kernel.ts";
import { mix } from "../../kernel/Mixer.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import { LongestQueueDrop } from "../../policy/shedding/LongestQueueDrop.ts";
import type { Shedder, ShedRequest } from "../../policy/shedding/Shedder.ts";
import type { ShedderSpec } from "../../policy/shedding/ShedderSpec.ts";
import { Verdict } from "../../policy/shedding/Shedder.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Attempts } from "../Attempts.ts";
import type { GatewayQueueSpec } from "../ServingSpec.ts";
import type { Simulation } from "../Simulation.ts";
import { Lanes } from "./Lanes.ts";

/** Weight of the newest time in the mean service time that deadline rules expect. Assumed. */
const SERVICE_WEIGHT = 0.05;

export interface WaitingQueueOptions {
  /** Absent: nothing waits and nothing is shed by rules. */
  readonly spec: GatewayQueueSpec | undefined;
  readonly classes: ReadonlyArray<TrafficClassSpec>;
  /** Tenant of each traffic class, counted from 0. */
  readonly tenantOf: Int32Array;
  /** Whether one tenant may have to wait while others go on. */
  readonly byTenant: boolean;
  readonly targets: number;
  readonly targetOf: (attempt: number) => number;
  readonly simulation: typeof Simulation.Service;
  readonly shedderOf: (spec: ShedderSpec) => Shedder;
  readonly timeouts: DelayRing | undefined;
}

/** Attempts that wait at the gateway, and the rules of who joins, who is next and who is dropped. */
export class WaitingQueue {
  readonly lengthOverTime = new TimeAverage();
  /** Attempts shed since the start of the measurement, by `Verdict`. */
  readonly shed = new Float64Array(Object.keys(Verdict).length);
  /** Attempts that made room for others and have not been told yet. */
  readonly pushedOut: Array<number> = [];
  /** Attempts shed because they had waited for the longest time allowed. */
  timedOut = 0;
  declare private readonly lanes: Lanes;
  private readonly shedder: Shedder | undefined;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly attempts: Attempts;
  private readonly timeouts: DelayRing | undefined;
  /** Business level of each traffic class, 0 the most urgent. */
  declare private readonly levels: ReadonlyArray<number>;
  declare private readonly userLevels: number;
  declare private readonly draw: () => number;
  private readonly request: ShedRequest = { tokens: 0, deadlineMs: Infinity, expectedServiceMs: 0, business: 0, user: 0 };
  private readonly drop: LongestQueueDrop | undefined;
  declare private readonly keyOf: Int32Array;
  declare private readonly keys: number;
  declare private readonly byUrgency: boolean;
  private meanServiceMs = 0;

  constructor({ spec, classes, tenantOf, byTenant, targets, targetOf, simulation, shedderOf, timeouts }: WaitingQueueOptions) {
    this.simulation = simulation;
    this.attempts = simulation.attempts;
    this.timeouts = timeouts;
    const fair = spec?.fair;
    const keyOf = fair?.by === "class" ? Int32Array.from(classes.keys()) : tenantOf;
    const apart = fair !== undefined || byTenant;
    this.lanes = new Lanes({
      attempts: simulation.attempts,
      fair,
      keyOf: apart ? keyOf : new Int32Array(classes.length),
      tenantOf,
      weights: classes.map(({ weight }) => weight),
      targets,
      targetOf,
    });
    this.shedder = spec === undefined ? undefined : shedderOf(spec.rules);
    const ranks = [...new Set(classes.map(({ priority }) => priority))].toSorted((x, y) => x - y);
    this.levels = classes.map(({ priority }) => ranks.indexOf(priority));
    this.userLevels = spec?.rules.priority?.userLevels ?? 1;
    this.keyOf = keyOf;
    this.keys = keyOf.reduce((most, key) => Math.max(most, key + 1), 1);
    this.byUrgency = spec?.rules.priority !== undefined;
    const { requests = 0, tokens = 0 } = spec?.rules ?? {};
    const levels = this.byUrgency ? Math.max(1, ranks.length) : 1;
    this.drop = fair && new LongestQueueDrop({ requests, tokens, keys: this.keys, levels });
    const sequence = simulation.streams.open("gateway/queue", "shedding").sequence();
    this.draw = () => sequence.unit();
  }

  get length(): number {
    return this.lanes.length;
  }

  /** Whether attempts may wait here at all. */
  get exists(): boolean {
    return this.shedder !== undefined;
  }

  /** How long the oldest attempt has waited; 0 when nobody does. */
  get waitedMs(): number {
    return Math.max(0, this.simulation.kernel.now - this.lanes.oldestMs);
  }

  startMeasuring(): void {
    this.lengthOverTime.restart(this.simulation.kernel.now);
    this.shed.fill(0);
    this.timedOut = 0;
  }

  /** Whether nobody waits whom the attempt would overtake. */
  isClear(attempt: number): boolean {
    return this.lanes.length === 0 || this.lanes.isClear(attempt);
  }

  /** At arrival, before anything else: 0 or the reason of a refusal. */
  arrive(attempt: number): number {
    if (this.shedder === undefined) return Verdict.Pass;
    return this.note(this.shedder.arrive(this.describe(attempt), this.draw(), this.simulation.kernel.now));
  }

  /** Joins the queue, or is refused; where the queue is fair, others may be pushed out for it. */
  enter(attempt: number): number {
    if (this.shedder === undefined) return Verdict.QueueFull;
    const now = this.simulation.kernel.now;
    if (this.drop !== undefined) this.makeRoom(attempt, this.drop);
    const verdict = this.shedder.enter(this.describe(attempt), now);
    if (verdict !== Verdict.Pass) return this.note(verdict);
    this.lanes.join(attempt);
    this.drop?.joined(this.laneOf(attempt), this.attempts.promptTokens.at[attempt]!);
    this.timeouts?.start(attempt);
    this.lengthOverTime.set(now, this.lanes.length);
    return verdict;
  }

  /** Who is next; -1 when nobody waits, or only those who are blocked. */
  next(): number {
    return this.lanes.next(this.shedder!.newestFirst(this.simulation.kernel.now));
  }

  /** Until `unblock`, nobody who may go only where this attempt may go is next. */
  blockTarget(attempt: number): void {
    this.lanes.blockTarget(attempt);
  }

  /** Until `unblock`, nobody of this attempt's tenant is next. */
  blockTenant(attempt: number): void {
    this.lanes.blockTenant(attempt);
  }

  unblock(): void {
    this.lanes.unblock();
  }

  /** A replica is free for an attempt, queued or not: it leaves the queue and starts, or it is dropped. */
  start(attempt: number, queued: boolean): number {
    const { shedder } = this;
    if (shedder === undefined) return Verdict.Pass;
    const now = this.simulation.kernel.now;
    if (queued) this.leave(attempt);
    const verdict = shedder.start(this.describe(attempt), now - this.attempts.arrivalMs.at[attempt]!, queued, now);
    if (verdict === Verdict.Pass) this.lanes.started(attempt, queued);
    return this.note(verdict);
  }

  /** Leaves by itself: hung up or timed out. */
  withdraw(attempt: number): void {
    const told = this.pushedOut.indexOf(attempt);
    if (told >= 0) {
      this.pushedOut.splice(told, 1);
      return;
    }
    this.leave(attempt);
    this.shedder!.withdraw(this.describe(attempt), this.simulation.kernel.now);
  }

  /** A forwarded attempt came back: answered after `serviceMs`, or not. */
  answered(accepted: boolean, serviceMs: number): void {
    if (this.shedder === undefined) return;
    if (accepted) this.meanServiceMs += (this.meanServiceMs === 0 ? 1 : SERVICE_WEIGHT) * (serviceMs - this.meanServiceMs);
    this.shedder.answered(accepted, this.simulation.kernel.now);
  }

  /** A forwarded attempt left the fleet, which had generated so many tokens for it. */
  served(attempt: number, outputTokens: number): void {
    this.lanes.served(attempt, outputTokens);
  }

  private note(verdict: number): number {
    if (verdict !== Verdict.Pass) this.shed[verdict]!++;
    return verdict;
  }

  private makeRoom(attempt: number, drop: LongestQueueDrop): void {
    const lane = this.laneOf(attempt);
    const tokens = this.attempts.promptTokens.at[attempt]!;
    if (!drop.makesRoom(lane, tokens)) return;
    for (let longest = drop.victim(lane, tokens); longest >= 0; longest = drop.victim(lane, tokens)) {
      const victim = this.lanes.newest(longest % this.keys, (classIndex) => this.laneOfClass(classIndex) === longest);
      this.note(drop.isFull ? Verdict.QueueFull : Verdict.TokensFull);
      this.withdraw(victim);
      this.pushedOut.push(victim);
    }
  }

  private laneOf(attempt: number): number {
    return this.laneOfClass(this.attempts.classIndex.at[attempt]!);
  }

  /** By urgency only where admission goes by it. */
  private laneOfClass(classIndex: number): number {
    return (this.byUrgency ? this.levels[classIndex]! : 0) * this.keys + this.keyOf[classIndex]!;
  }

  private leave(attempt: number): void {
    this.lanes.leave(attempt);
    this.drop?.left(this.laneOf(attempt), this.attempts.promptTokens.at[attempt]!);
    this.timeouts?.stop(attempt);
    this.lengthOverTime.set(this.simulation.kernel.now, this.lanes.length);
  }

  private describe(attempt: number): ShedRequest {
    const { request, attempts } = this;
    request.tokens = attempts.promptTokens.at[attempt]!;
    request.deadlineMs = attempts.deadlineMs.at[attempt]!;
    request.expectedServiceMs = this.meanServiceMs;
    request.business = this.levels[attempts.classIndex.at[attempt]!]!;
    request.user = this.userLevels > 1 ? scattered(attempts.streamKey.at[attempt]!) % this.userLevels : 0;
    return request;
  }
}

/** A whole number from 0 to 2^32 - 1 that depends on all bits of a name. */
const scattered = (name: number): number => mix((name | 0) ^ mix(Math.floor(name / 2 ** 32))) >>> 0;
