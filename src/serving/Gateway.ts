import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { ensure } from "../kernel/Invariants.ts";
import type { Actor, DelayRing, Timer } from "../kernel/Kernel.ts";
import type { Column } from "../kernel/SlotPool.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { TimeAverage } from "../kernel/TimeAverage.ts";
import type { RouterPolicy, RouteRequest } from "../policy/routing/Router.ts";
import { RouteEnd } from "../policy/routing/Router.ts";
import { Verdict } from "../policy/shedding/Shedder.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import { AttemptState } from "./Attempts.ts";
import type { EngineListener } from "./engine/Engine.ts";
import { InFlightLimit } from "./gateway/InFlightLimit.ts";
import { LoadReports } from "./gateway/LoadReports.ts";
import { PoolTargets } from "./gateway/PoolTargets.ts";
import { ReplicaBreakers } from "./gateway/ReplicaBreakers.ts";
import { WaitingQueue } from "./gateway/WaitingQueue.ts";
import type { FleetService } from "./Fleet.ts";
import { Fleet } from "./Fleet.ts";
import type { PolicyFactories } from "./Policies.ts";
import { Policies } from "./Policies.ts";
import { Router } from "./Router.ts";
import type { GatewaySpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";
import { smallerPoolsOf } from "./stage/BrownoutSpec.ts";
import { SLOT_BITS } from "../kernel/SlotPool.ts";
import * as Fields from "./Fields.ts";

const {
  ADMITTED_MS,
  ARRIVAL_MS,
  CLASS_INDEX,
  FIRST_TOKEN_MS,
  PREFIX_KEY,
  PROMPT_TOKENS,
  REPLICA,
  REQUEST,
  STATE,
  STREAM_KEY,
  TOTAL,
  TURN,
  TURNS_LEFT,
  USER,
} = Fields;

/** How an attempt ended, as the client sees it. */
export const AttemptEnd = {
  Completed: 0,
  /** No room: the gateway's queue is full, the attempt waited too long in it, or the engine's queue is full. */
  Shed: 1,
  /** The prompt can never fit. A retry is useless. */
  Refused: 2,
  /** The gateway's response time limit. */
  Cut: 3,
  /** The replica died, or none is up. */
  Failed: 4,
  /** The client's own time limit of the attempt. */
  TimedOut: 5,
  /** A limiter or breaker said no. */
  Rejected: 6,
  /** Answered from the response cache. */
  Cached: 7,
  /** Answered more cheaply than asked. */
  Degraded: 8,
  /** The client's own breaker or throttle: it was never sent. */
  Blocked: 9,
} as const;

/** Whether the user got an answer. */
export const isAnswer = (how: number): boolean => how === AttemptEnd.Completed || how === AttemptEnd.Cached || how === AttemptEnd.Degraded;

export interface GatewayListener {
  firstToken(attempt: number): void;
  /** The attempt's slot is free again after this call. */
  ended(attempt: number, how: number): void;
  /** Tokens were generated for an attempt whose user was gone. */
  wasted(attempt: number, tokens: number): void;
}

/** What a gateway turned away or failed by itself since the start of the measurement; absent where the scenario has no such rule. */
export interface GatewayCounts {
  /** Attempts shed by the queue, by `Verdict`, and those that waited too long. */
  readonly queue?: { readonly shed: Float64Array; readonly timedOut: number };
  readonly concurrency?: InFlightLimit;
  readonly breakers?: ReplicaBreakers;
}

export interface GatewayService {
  readonly queueLength: TimeAverage;
  readonly waiting: number;
  /** How long the oldest waiting attempt has waited, in ms; 0 when nobody does. */
  readonly waitedMs?: number;
  readonly counts?: GatewayCounts;
  /** Attempts cut by the response time limit. */
  readonly cut: number;
  connect(listener: GatewayListener): void;
  /** Forgets what was counted so far: the warm-up is over. */
  startMeasuring(): void;
  submit(attempt: number): void;
  /** The client hangs up; nothing more is reported about this attempt but wasted tokens. */
  hangUp(attempt: number): void;
  /** A replica went down or came back. */
  availabilityChanged(replica: number): void;
  /** Before `submit`: the n-th of the pools with a smaller model gets the attempt, or with 0 any other pool. */
  choosePool?(attempt: number, target: number): void;
  /** From now on a replica fails this share of what reaches it, at once. */
  setFailing?(replica: number, shareRatio: number): void;
}

export class Gateway extends Context.Service<Gateway, GatewayService>()("spillway/Gateway") {
  static readonly layer = (
    spec: GatewaySpec,
    classes: ReadonlyArray<TrafficClassSpec> = [],
  ): Layer.Layer<Gateway, never, Simulation | Fleet | Router> =>
    Layer.effect(
      Gateway,
      Effect.gen(function* () {
        return new SimulatedGateway(spec, classes, yield* Simulation, yield* Fleet, yield* Router, yield* Policies);
      }),
    );
}

const OP_CUT = 0;
const OP_QUEUE_TIMEOUT = 1;
const OP_REOPEN = 2;
const NOWHERE = -1;
/** Recorded block that stands for "the same beginning": the fourth (2,048 tokens of a Mooncake trace), since the first is often common to all. Assumed. */
const AFFINITY_BLOCK = 3;

class SimulatedGateway implements GatewayService, EngineListener, Actor {
  declare readonly queueLength: TimeAverage;
  cut = 0;
  declare private readonly spec: GatewaySpec;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly fleet: FleetService;
  declare private readonly router: RouterPolicy;
  declare private readonly queue: WaitingQueue;
  private readonly limits: DelayRing | undefined;
  /** Wakes when a router that found nobody wants to be asked again; only for routers that say when. */
  private readonly reopening: Timer | undefined;
  /** When an attempt was forwarded, for whoever learns from it. */
  declare private readonly sentMs: Column<Float64Array>;
  declare private readonly learns: boolean;
  private readonly breakers: ReplicaBreakers | undefined;
  private readonly concurrency: InFlightLimit | undefined;
  private readonly targets: PoolTargets | undefined;
  /** Share of attempts that fail at once, by replica; only while a fault says so. */
  private failing: Float64Array | undefined;
  declare private readonly failureDraw: () => number;
  declare private readonly draw: () => number;
  declare private readonly outstanding: Int32Array;
  private readonly reports: LoadReports | undefined;
  declare private readonly available: Uint8Array;
  declare private readonly view: Parameters<RouterPolicy["pick"]>[0];
  private readonly route = new Route(() => this.beginning(this.routed));
  /** The attempt that `route` describes. */
  private routed = NOWHERE;
  declare private listener: GatewayListener;

  constructor(
    spec: GatewaySpec,
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    fleet: FleetService,
    router: RouterPolicy,
    policies: PolicyFactories,
  ) {
    this.spec = spec;
    this.simulation = simulation;
    this.fleet = fleet;
    this.router = router;
    const { kernel, streams, attempts } = simulation;
    const actor = kernel.join(this);
    const timeoutMs = spec.queue?.timeoutMs;
    const tenantOf = tenantsOf(classes);
    if (spec.concurrency !== undefined)
      this.concurrency = new InFlightLimit({ spec: spec.concurrency, tenantOf, kernel, attempts, adaptiveLimit: policies.adaptiveLimit });
    const smallerPools = spec.brownout === undefined ? [] : smallerPoolsOf(spec.brownout);
    if (smallerPools.length > 0) this.targets = new PoolTargets(smallerPools, fleet, attempts);
    this.queue = new WaitingQueue({
      spec: spec.queue,
      classes,
      tenantOf,
      byTenant: spec.concurrency?.kind === "fixed" && spec.concurrency.perTenant !== undefined,
      targets: this.targets?.count ?? 1,
      targetOf: (attempt) => this.targets?.of(attempt) ?? 0,
      simulation,
      shedderOf: policies.shedder,
      timeouts: timeoutMs === undefined ? undefined : kernel.ring(timeoutMs, actor, OP_QUEUE_TIMEOUT, Phase.Timeout, SLOT_BITS),
    });
    this.queueLength = this.queue.lengthOverTime;
    this.sentMs = attempts.float64();
    this.learns = this.queue.exists || router.ended !== undefined || spec.breaker !== undefined;
    if (router.reopensAtMs !== undefined) this.reopening = kernel.timer(actor, OP_REOPEN, 0, Phase.Boundary);
    if (spec.responseTimeLimitMs !== undefined)
      this.limits = kernel.ring(spec.responseTimeLimitMs, actor, OP_CUT, Phase.Timeout, SLOT_BITS);
    const sequence = streams.open("gateway/router", "draw").sequence();
    this.draw = () => sequence.unit();
    const failures = streams.open("gateway/failing", "draw").sequence();
    this.failureDraw = () => failures.unit();
    const count = fleet.replicas.length;
    this.outstanding = new Int32Array(count);
    this.available = new Uint8Array(count).fill(1);
    if (spec.loadReportMs !== undefined) this.reports = new LoadReports(spec.loadReportMs, this.outstanding);
    this.view = {
      count,
      outstanding: this.reports?.seen ?? this.outstanding,
      available: this.available,
      weight: Int32Array.from(fleet.poolOf, (pool) => fleet.pools[pool]!.weight),
      backup: Uint8Array.from(fleet.poolOf, (pool) => (fleet.pools[pool]!.backup ? 1 : 0)),
    };
    for (let replica = 0; replica < count; replica++) this.refresh(replica);
    if (spec.breaker !== undefined) {
      const reopened = (replica: number): void => this.availabilityChanged(replica);
      this.breakers = new ReplicaBreakers({ spec: spec.breaker, breakerOf: policies.breaker, replicas: count, kernel, attempts, reopened });
    }
    fleet.connect(this);
    fleet.lifecycle?.connect(this);
  }

  get waiting(): number {
    return this.queue.length;
  }

  get waitedMs(): number {
    return this.queue.waitedMs;
  }

  get counts(): GatewayCounts {
    const { queue, concurrency, breakers } = this;
    return {
      ...(queue.exists ? { queue } : {}),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(breakers === undefined ? {} : { breakers }),
    };
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  startMeasuring(): void {
    this.cut = 0;
    this.queue.startMeasuring();
    this.concurrency?.startMeasuring();
    this.breakers?.startMeasuring();
  }

  choosePool(attempt: number, target: number): void {
    this.targets?.choose(attempt, target);
  }

  setFailing(replica: number, shareRatio: number): void {
    this.failing ??= new Float64Array(this.outstanding.length);
    this.failing[replica] = shareRatio;
    if (this.failing.every((share) => share === 0)) this.failing = undefined;
  }

  submit(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    attempts.ints[attempt | STATE] = AttemptState.Gateway;
    attempts.ints[attempt | REPLICA] = NOWHERE;
    attempts.doubles[attempt | ARRIVAL_MS] = kernel.now;
    attempts.doubles[attempt | ADMITTED_MS] = NaN;
    attempts.doubles[attempt | FIRST_TOKEN_MS] = NaN;
    this.limits?.start(attempt);
    if (this.queue.arrive(attempt) !== Verdict.Pass) return this.end(attempt, AttemptEnd.Shed);
    if (this.queue.isClear(attempt)) {
      if (this.concurrency === undefined || this.concurrency.admits(attempt)) {
        const replica = this.pick(attempt);
        if (replica >= 0) return this.start(attempt, replica, false);
      } else if (!this.queue.exists) {
        this.concurrency.rejected++;
        return this.end(attempt, AttemptEnd.Rejected);
      }
    }
    if (this.queue.enter(attempt) !== Verdict.Pass)
      this.end(attempt, !this.queue.exists && !this.anyUp() ? AttemptEnd.Failed : AttemptEnd.Shed);
    // Also where the newcomer does not come in: a shedder of one's own may refuse it for another reason than room.
    this.endPushedOut();
  }

  hangUp(attempt: number): void {
    const { attempts } = this.simulation;
    this.limits?.stop(attempt);
    const replica = attempts.ints[attempt | REPLICA]!;
    if (replica === NOWHERE) {
      this.queue.withdraw(attempt);
      attempts.give(attempt);
      return;
    }
    attempts.ints[attempt | REQUEST] = NOWHERE;
    if (this.spec.onDisconnect === "cancel") this.fleet.replicas[replica]!.cancel(attempt);
  }

  availabilityChanged(replica: number): void {
    const wasOpen = this.available[replica] === 1;
    this.refresh(replica);
    if (!wasOpen && this.available[replica] === 1) this.router.joined?.(replica, this.simulation.kernel.now);
    this.dispatch();
  }

  wake(op: number, attempt: number): void {
    if (op === OP_CUT) {
      this.cut++;
      const request = this.simulation.attempts.ints[attempt | REQUEST]!;
      this.hangUpAfter(attempt, request);
    } else if (op === OP_REOPEN) this.dispatch();
    else {
      this.queue.timedOut++;
      this.queue.withdraw(attempt);
      this.end(attempt, AttemptEnd.Shed);
    }
  }

  firstToken(attempt: number): void {
    this.breakers?.firstToken(attempt);
    if (this.simulation.attempts.ints[attempt | REQUEST] !== NOWHERE) this.listener.firstToken(attempt);
  }

  finished(attempt: number): void {
    const { attempts } = this.simulation;
    const generatedTokens = attempts.ints[attempt | TOTAL]! - attempts.ints[attempt | PROMPT_TOKENS]!;
    this.settle(attempt, RouteEnd.Completed);
    this.leave(attempt, RouteEnd.Completed, generatedTokens);
    if (attempts.ints[attempt | REQUEST] === NOWHERE) this.waste(attempt, generatedTokens);
    else this.end(attempt, AttemptEnd.Completed);
    this.dispatch();
  }

  released(attempt: number, generatedTokens: number): void {
    this.settle(attempt, RouteEnd.Cancelled);
    this.leave(attempt, RouteEnd.Cancelled, generatedTokens);
    this.waste(attempt, generatedTokens);
    this.dispatch();
  }

  failed(attempt: number, generatedTokens: number): void {
    this.settle(attempt, RouteEnd.Failed);
    this.leave(attempt, RouteEnd.Failed, generatedTokens);
    this.listener.wasted(attempt, generatedTokens);
    if (this.simulation.attempts.ints[attempt | REQUEST] === NOWHERE) this.simulation.attempts.give(attempt);
    else this.end(attempt, AttemptEnd.Failed);
    this.dispatch();
  }

  moved(attempt: number, replica: number): void {
    this.settle(attempt, RouteEnd.Completed);
    this.simulation.attempts.ints[attempt | REPLICA] = replica;
    this.reports?.update(this.simulation.kernel.now);
    this.outstanding[replica]!++;
    this.dispatch();
  }

  /** The client learns of the cut first: its attempt is over whatever the engine does. */
  private hangUpAfter(attempt: number, request: number): void {
    const { attempts } = this.simulation;
    if (attempts.ints[attempt | REPLICA] !== NOWHERE) this.concurrency?.cut(attempt);
    this.listener.ended(attempt, AttemptEnd.Cut);
    ensure(1, attempts.ints[attempt | REQUEST] === request, this.simulation.kernel.now, () => "a cut attempt changed hands");
    this.hangUp(attempt);
  }

  /** A replica is free for the attempt: it goes there, or the rules of the queue drop it. */
  private start(attempt: number, replica: number, queued: boolean): void {
    const verdict = this.queue.start(attempt, queued);
    if (verdict === Verdict.Pass) return this.send(attempt, replica);
    this.breakers?.withdraw(replica, attempt);
    this.end(attempt, verdict === Verdict.Expired ? AttemptEnd.Cut : AttemptEnd.Shed);
  }

  /** Whoever is told may at once try again, or give up others that wait to be told. */
  private endPushedOut(): void {
    const { pushedOut } = this.queue;
    for (let victim = pushedOut.pop(); victim !== undefined; victim = pushedOut.pop()) this.end(victim, AttemptEnd.Shed);
  }

  private send(attempt: number, replica: number): void {
    const { attempts } = this.simulation;
    attempts.ints[attempt | REPLICA] = replica;
    this.reports?.update(this.simulation.kernel.now);
    this.outstanding[replica]!++;
    this.refresh(replica);
    this.concurrency?.started(attempt);
    if (this.learns) {
      this.sentMs.at[attempt] = this.simulation.kernel.now;
      this.router.sent?.(replica, this.simulation.kernel.now);
    }
    if (this.failing !== undefined && this.failing[replica]! > 0 && this.failureDraw() < this.failing[replica]!) {
      this.settle(attempt, RouteEnd.Failed);
      this.leave(attempt, RouteEnd.Failed, 0);
      return this.end(attempt, AttemptEnd.Failed);
    }
    if (this.fleet.replicas[replica]!.submit(attempt)) return;
    const tooLong = attempts.ints[attempt | PROMPT_TOKENS]! >= this.fleet.replicas[replica]!.maxTokens;
    this.settle(attempt, tooLong ? RouteEnd.Cancelled : RouteEnd.Failed);
    this.leave(attempt, tooLong ? RouteEnd.Cancelled : RouteEnd.Failed, 0);
    this.end(attempt, tooLong ? AttemptEnd.Refused : AttemptEnd.Shed);
  }

  /** The replica no longer holds the attempt. */
  private settle(attempt: number, how: number): void {
    const replica = this.simulation.attempts.ints[attempt | REPLICA]!;
    this.reports?.update(this.simulation.kernel.now);
    this.outstanding[replica]!--;
    ensure(5, this.outstanding[replica]! >= 0, this.simulation.kernel.now, () => `replica ${replica} gave back more than it got`);
    this.refresh(replica);
    if (this.learns) this.learn(attempt, replica, how);
  }

  /** The fleet no longer holds the attempt. */
  private leave(attempt: number, how: number, generatedTokens: number): void {
    this.concurrency?.ended(attempt, how);
    this.queue.served(attempt, generatedTokens);
  }

  private end(attempt: number, how: number): void {
    this.limits?.stop(attempt);
    this.listener.ended(attempt, how);
    this.simulation.attempts.give(attempt);
  }

  private waste(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
    this.simulation.attempts.give(attempt);
  }

  /** Tells router and queue how a forwarded attempt ended. */
  private learn(attempt: number, replica: number, how: number): void {
    const { now } = this.simulation.kernel;
    const lastedMs = now - this.sentMs.at[attempt]!;
    this.router.ended?.(replica, how, lastedMs, now);
    this.breakers?.ended(replica, attempt, how, lastedMs);
    if (how !== RouteEnd.Cancelled) this.queue.answered(how === RouteEnd.Completed, lastedMs);
  }

  private dispatch(): void {
    while (this.queue.length > 0 && this.concurrency?.full !== true) {
      const attempt = this.queue.next();
      if (attempt < 0) break;
      if (this.concurrency?.admits(attempt) === false) {
        this.queue.blockTenant(attempt);
        continue;
      }
      const replica = this.pick(attempt);
      if (replica >= 0) this.start(attempt, replica, true);
      else {
        this.askAgain();
        this.queue.blockTarget(attempt);
      }
    }
    this.queue.unblock();
  }

  /** A router may open up again though nothing else happens. */
  private askAgain(): void {
    if (this.reopening === undefined) return;
    const atMs = this.router.reopensAtMs!(this.simulation.kernel.now);
    if (atMs < Infinity) this.reopening.set(Math.max(atMs, this.simulation.kernel.now));
    else this.reopening.clear();
  }

  private pick(attempt: number): number {
    const { attempts } = this.simulation;
    this.route.promptTokens = attempts.ints[attempt | PROMPT_TOKENS]!;
    this.routed = attempt;
    this.route.classIndex = attempts.ints[attempt | CLASS_INDEX]!;
    let replica = this.ask(attempt);
    while (replica >= 0 && this.breakers?.admit(replica, attempt) === false) {
      this.refresh(replica);
      replica = this.ask(attempt);
    }
    return replica;
  }

  private ask(attempt: number): number {
    this.reports?.update(this.simulation.kernel.now);
    const view = this.targets === undefined ? this.view : this.targets.view(attempt, this.view);
    return this.router.pick(view, this.route, this.draw, this.simulation.kernel.now);
  }

  /** Names the prompt's beginning: a recorded block, the conversation, or the shared prefix; 0 when nothing is shared. */
  private beginning(attempt: number): number {
    const { attempts, requests } = this.simulation;
    const keys = attempts.traceKeys.get(attempt);
    if (keys !== undefined && keys.length > 0) return keys[Math.min(AFFINITY_BLOCK, keys.length - 1)]! + 1;
    const request = attempts.ints[attempt | REQUEST]!;
    const conversation = requests.ints[request | USER]! < 0 && requests.ints[request | TURNS_LEFT]! + requests.ints[request | TURN]! > 0;
    return conversation ? attempts.doubles[attempt | STREAM_KEY]! : attempts.doubles[attempt | PREFIX_KEY]!;
  }

  private refresh(replica: number): void {
    const open =
      this.fleet.replicas[replica]!.up &&
      this.outstanding[replica]! < this.spec.maxInFlightPerReplica &&
      this.breakers?.blocked[replica] !== 1;
    this.available[replica] = open ? 1 : 0;
  }

  private anyUp(): boolean {
    return this.fleet.replicas.some((replica) => replica.up);
  }
}

/** What a router may know of an attempt; reused. Its beginning is looked up only when a router asks for it. */
class Route implements RouteRequest {
  promptTokens = 0;
  classIndex = 0;
  declare readonly prefixHash: number;

  constructor(beginning: () => number) {
    // A property of its own: whoever copies the request gets it too.
    Object.defineProperty(this, "prefixHash", { enumerable: true, get: beginning });
  }
}

/** Number of each class's tenant, counted from 0. */
const tenantsOf = (classes: ReadonlyArray<TrafficClassSpec>): Int32Array => {
  const names = [...new Set(classes.map(({ tenant }) => tenant))];
  return Int32Array.from(classes, ({ tenant }) => names.indexOf(tenant));
};
