import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Actor, DelayRing } from "../kernel/Kernel.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { Draws } from "../kernel/Streams.ts";
import type { Outcome } from "../metric/Result.ts";
import type { RetrySpec, TrafficClassSpec } from "../workload/TrafficSpec.ts";
import { ClientBudgets } from "./client/ClientBudgets.ts";
import { copyContent } from "./copyContent.ts";
import { Entrance } from "./Entrance.ts";
import type { GatewayListener } from "./Gateway.ts";
import { AttemptEnd, isAnswer } from "./Gateway.ts";
import { Policies } from "./Policies.ts";
import type { RecorderService } from "./Recorder.ts";
import { Recorder } from "./Recorder.ts";
import { backoffMs, hintedMs } from "../policy/retry/Backoff.ts";
import { Simulation } from "./Simulation.ts";
import { clientChain } from "./stage/clientChain.ts";
import type { Door } from "./stage/Door.ts";
import type { NetworkSpec } from "./stage/NetworkStage.ts";
import { SLOT_BITS } from "../kernel/SlotPool.ts";
import * as Fields from "./Fields.ts";

const { ACTIVE, ARRIVAL_MS, ATTEMPT, BACKOFF_MS, CLASS_INDEX, DEADLINE_MS, NUMBER, REPLICA, REQUEST, RETRY, RETRY_AFTER_MS, TRIES, TURN } =
  Fields;

/** Tells whoever made a request that it is over. */
export type RequestEnded = (request: number, outcome: Outcome) => void;

/** The users' side: one request is one or more attempts, within a deadline. */
export interface ClientService {
  /** `onEnd` may keep the request's slot for another turn; else it gives the slot back. */
  connect(onEnd: RequestEnded): void;
  /** A request arrives now. Class, lengths and content are in its slot. */
  start(request: number): void;
}

export class Client extends Context.Service<Client, ClientService>()("spillway/Client") {
  static readonly layer = (
    classes: ReadonlyArray<TrafficClassSpec>,
    network?: NetworkSpec,
  ): Layer.Layer<Client, never, Simulation | Entrance | Recorder> =>
    Layer.effect(
      Client,
      Effect.gen(function* () {
        const simulation = yield* Simulation;
        const recorder = yield* Recorder;
        const policies = yield* Policies;
        const budgets = ClientBudgets.of(classes, simulation, policies.retryBudget);
        const { door } = yield* Entrance;
        return new SimulatedClient(
          classes,
          simulation,
          clientChain(door, { classes, network, simulation, recorder, budgets, breakerOf: policies.breaker }),
          recorder,
          budgets,
        );
      }),
    );
}

const OP_DEADLINE = 0;
const OP_PATIENCE = 1;
const OP_RETRY = 2;
const NONE = -1;
/** Draws for the backoffs of one turn: more tries than this share their luck with the next turn. */
const TRIES_SPAN = 1024;

class SimulatedClient implements ClientService, GatewayListener, Actor {
  declare private readonly classes: ReadonlyArray<TrafficClassSpec>;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly gateway: Door;
  declare private readonly recorder: RecorderService;
  private readonly budgets: ClientBudgets | undefined;
  declare private readonly actor: number;
  declare private readonly deadlines: ReadonlyArray<DelayRing | undefined>;
  declare private readonly patience: ReadonlyArray<DelayRing | undefined>;
  declare private readonly jitter: ReadonlyArray<Draws>;
  declare private onEnd: RequestEnded;

  constructor(
    classes: ReadonlyArray<TrafficClassSpec>,
    simulation: typeof Simulation.Service,
    gateway: Door,
    recorder: RecorderService,
    budgets: ClientBudgets | undefined,
  ) {
    this.classes = classes;
    this.budgets = budgets;
    this.simulation = simulation;
    this.gateway = gateway;
    this.recorder = recorder;
    const { kernel, streams } = simulation;
    this.actor = kernel.join(this);
    const ring = (delayMs: number | undefined, op: number): DelayRing | undefined =>
      delayMs === undefined ? undefined : kernel.ring(delayMs, this.actor, op, Phase.Timeout, SLOT_BITS);
    this.deadlines = classes.map((spec) => ring(spec.client.deadlineMs, OP_DEADLINE));
    this.patience = classes.map((spec) => ring(spec.client.patienceMs, OP_PATIENCE));
    this.jitter = classes.map((spec) => streams.open(`client/${spec.name}`, "backoff"));
    gateway.connect(this);
  }

  connect(onEnd: RequestEnded): void {
    this.onEnd = onEnd;
  }

  start(request: number): void {
    const { requests, kernel } = this.simulation;
    requests.doubles[request | ARRIVAL_MS] = kernel.now;
    requests.ints[request | TRIES] = 0;
    requests.doubles[request | RETRY] = NONE;
    requests.ints[request | REPLICA] = NONE;
    requests.ints[request | ACTIVE] = 1;
    this.recorder.arrived(request);
    this.budgets?.requested(request);
    this.deadlines[requests.ints[request | CLASS_INDEX]!]?.start(request);
    this.attempt(request);
  }

  wake(op: number, request: number): void {
    if (op === OP_RETRY) {
      this.simulation.requests.doubles[request | RETRY] = NONE;
      this.attempt(request);
      return;
    }
    this.giveUp(request);
    this.finish(request, op === OP_DEADLINE ? "expired" : "abandoned");
  }

  firstToken(attempt: number): void {
    const { requests, attempts } = this.simulation;
    const request = attempts.ints[attempt | REQUEST]!;
    this.patience[requests.ints[request | CLASS_INDEX]!]?.stop(request);
  }

  ended(attempt: number, how: number): void {
    const { requests, attempts } = this.simulation;
    const request = attempts.ints[attempt | REQUEST]!;
    requests.ints[request | ATTEMPT] = NONE;
    this.noteReplica(request, attempt);
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    this.patience[classIndex]?.stop(request);
    if (isAnswer(how)) {
      const outcome = OUTCOME_OF[how]!;
      this.budgets?.ended(request, true, requests.ints[request | TRIES]! > 1);
      this.recorder.answered(request, attempt, outcome);
      this.finish(request, outcome);
      return;
    }
    if (how !== AttemptEnd.Blocked) this.budgets?.ended(request, false, requests.ints[request | TRIES]! > 1);
    const retry = this.classes[classIndex]!.client.retry;
    if (retry === undefined || how === AttemptEnd.Refused || requests.ints[request | TRIES]! >= retry.attempts) {
      return this.finish(request, OUTCOME_OF[how]!);
    }
    // What the client itself refused is worth a retry only at the time that its breaker tells.
    if (how === AttemptEnd.Blocked && !(retry.honorRetryAfter && attempts.doubles[attempt | RETRY_AFTER_MS]! >= 0))
      return this.finish(request, "rejected");
    const waitMs = this.waitMs(request, attempt, retry);
    if (waitMs === Infinity || this.budgets?.takeRetry(request, how === AttemptEnd.TimedOut) === false) {
      return this.finish(request, OUTCOME_OF[how]!);
    }
    this.retryIn(request, waitMs);
  }

  wasted(attempt: number, tokens: number): void {
    this.recorder.wasted(this.simulation.attempts.ints[attempt | CLASS_INDEX]!, tokens);
  }

  private attempt(request: number): void {
    const { requests, attempts } = this.simulation;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    const attempt = attempts.open(request, classIndex);
    requests.ints[request | ATTEMPT] = attempt;
    requests.ints[request | TRIES]!++;
    attempts.doubles[attempt | DEADLINE_MS] =
      requests.doubles[request | ARRIVAL_MS]! + (this.classes[classIndex]!.client.deadlineMs ?? Infinity);
    copyContent(requests, request, attempts, attempt);
    this.recorder.offered(classIndex);
    this.patience[classIndex]?.start(request);
    this.gateway.submit(attempt);
  }

  /** Wait before the next try; Infinity when it would be useless. */
  private waitMs(request: number, attempt: number, retry: RetrySpec): number {
    const { requests, attempts } = this.simulation;
    const classIndex = requests.ints[request | CLASS_INDEX]!;
    const tries = requests.ints[request | TRIES]!;
    const turn = requests.ints[request | TURN]!;
    const draw =
      retry.jitter === "none" ? 0 : this.jitter[classIndex]!.unit(requests.doubles[request | NUMBER]!, turn * TRIES_SPAN + tries);
    const previousMs = tries === 1 ? retry.backoffMs : requests.doubles[request | BACKOFF_MS]!;
    const { backoffMs: baseMs, factor, maxBackoffMs: capMs, jitter } = retry;
    const computedMs = backoffMs({ baseMs, factor, capMs, jitter }, tries, draw, previousMs);
    requests.doubles[request | BACKOFF_MS] = computedMs;
    return retry.honorRetryAfter ? hintedMs(computedMs, attempts.doubles[attempt | RETRY_AFTER_MS]!) : computedMs;
  }

  private retryIn(request: number, waitMs: number): void {
    const { requests, kernel } = this.simulation;
    requests.doubles[request | RETRY] = kernel.post(kernel.now + waitMs, this.actor, OP_RETRY, request, Phase.Arrival);
  }

  /** Ends whatever goes on for the request. */
  private giveUp(request: number): void {
    const { requests, kernel } = this.simulation;
    const attempt = requests.ints[request | ATTEMPT]!;
    if (attempt !== NONE) {
      this.patience[requests.ints[request | CLASS_INDEX]!]?.stop(request);
      requests.ints[request | ATTEMPT] = NONE;
      this.noteReplica(request, attempt);
      this.budgets?.ended(request, false, requests.ints[request | TRIES]! > 1);
      this.gateway.hangUp(attempt);
    } else if (requests.doubles[request | RETRY] !== NONE) kernel.revoke(requests.doubles[request | RETRY]!);
  }

  private noteReplica(request: number, attempt: number): void {
    const replica = this.simulation.attempts.ints[attempt | REPLICA]!;
    if (replica >= 0) this.simulation.requests.ints[request | REPLICA] = replica;
  }

  private finish(request: number, outcome: Outcome): void {
    const { requests } = this.simulation;
    this.deadlines[requests.ints[request | CLASS_INDEX]!]?.stop(request);
    requests.ints[request | ACTIVE] = 0;
    this.budgets?.finished(request);
    this.recorder.ended(request, outcome);
    this.onEnd(request, outcome);
  }
}

/** Outcome of a request whose last attempt ended so, by AttemptEnd. */
const OUTCOME_OF: ReadonlyArray<Outcome> = [
  "completed",
  "shed",
  "rejected",
  "expired",
  "failed",
  "expired",
  "rejected",
  "cached",
  "degraded",
  "rejected",
];
