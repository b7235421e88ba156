import type { Column } from "../../kernel/SlotPool.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import { Brownout } from "../../policy/shedding/Brownout.ts";
import type { GatewayListener, GatewayService } from "../Gateway.ts";
import { AttemptEnd } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { BrownoutSpec, DegradedAnswer } from "./BrownoutSpec.ts";
import { smallerPoolsOf } from "./BrownoutSpec.ts";
import type { Door } from "./Door.ts";

export interface BrownoutStageOptions {
  readonly spec: BrownoutSpec;
  readonly simulation: typeof Simulation.Service;
  readonly gateway: GatewayService;
  /** Whether the result cache holds an answer to the attempt, however old. */
  readonly isCached: (attempt: number) => boolean;
}

const NOWHERE = -1;
const AS_ASKED = 0;

/** Answers more cheaply while a load signal is high; such an answer ends as `Degraded`. The signal is looked at when an attempt comes or ends. */
export class BrownoutStage implements Door, GatewayListener {
  /** Attempts answered by each kind since the start of the measurement; those on the way count when they were sent. */
  readonly answers: { [K in DegradedAnswer["kind"]]: number } = { shorter: 0, smallerModel: 0, cached: 0, canned: 0 };
  /** 1 while any level holds. */
  readonly active = new TimeAverage();
  declare private readonly options: BrownoutStageOptions;
  declare private readonly brownout: Brownout;
  declare private readonly signal: () => number;
  /** Pools by the number of their target, from 1 on. */
  declare private readonly pools: ReadonlyArray<string>;
  declare private readonly degraded: Column<Int32Array>;
  private inFlight = 0;
  declare private listener: GatewayListener;

  constructor(options: BrownoutStageOptions) {
    const { spec, gateway, simulation } = options;
    this.options = options;
    this.brownout = new Brownout(spec);
    this.pools = smallerPoolsOf(spec);
    this.degraded = simulation.attempts.int32();
    if (spec.signal === "inFlight") this.signal = () => this.inFlight;
    else if (spec.signal === "queueLength") this.signal = () => gateway.waiting;
    else this.signal = () => gateway.waitedMs ?? 0;
    gateway.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  startMeasuring(): void {
    for (const kind of Object.keys(this.answers) as Array<DegradedAnswer["kind"]>) this.answers[kind] = 0;
    this.active.restart(this.options.simulation.kernel.now);
  }

  submit(attempt: number): void {
    const level = this.observe();
    const answer = level === AS_ASKED ? undefined : this.options.spec.levels[level - 1]!.answer;
    if (answer === undefined) return this.pass(attempt, AS_ASKED, 0);
    const { attempts } = this.options.simulation;
    const outputTokens = attempts.outputTokens.at[attempt]!;
    if (answer.kind === "canned") return this.answerNow(attempt, answer.kind, answer.tokens);
    if (answer.kind === "cached") {
      return this.options.isCached(attempt) ? this.answerNow(attempt, answer.kind, outputTokens) : this.pass(attempt, AS_ASKED, 0);
    }
    this.answers[answer.kind]++;
    if (answer.kind === "smallerModel") return this.pass(attempt, level, this.pools.indexOf(answer.pool) + 1);
    attempts.outputTokens.at[attempt] = Math.max(1, Math.ceil(outputTokens * answer.outputRatio));
    this.pass(attempt, level, 0);
  }

  hangUp(attempt: number): void {
    this.inFlight--;
    this.options.gateway.hangUp(attempt);
    this.observe();
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  ended(attempt: number, how: number): void {
    this.inFlight--;
    const cheaper = how === AttemptEnd.Completed && this.degraded.at[attempt] !== AS_ASKED;
    this.observe();
    this.listener.ended(attempt, cheaper ? AttemptEnd.Degraded : how);
  }

  wasted(attempt: number, tokens: number): void {
    this.listener.wasted(attempt, tokens);
  }

  private observe(): number {
    const { now } = this.options.simulation.kernel;
    const level = this.brownout.observe(this.signal(), now);
    const active = level === AS_ASKED ? 0 : 1;
    if (active !== this.active.level) this.active.set(now, active);
    return level;
  }

  private pass(attempt: number, level: number, target: number): void {
    const { gateway } = this.options;
    this.degraded.at[attempt] = level;
    this.inFlight++;
    if (this.pools.length > 0) gateway.choosePool?.(attempt, target);
    gateway.submit(attempt);
  }

  private answerNow(attempt: number, kind: "cached" | "canned", outputTokens: number): void {
    const { attempts, kernel } = this.options.simulation;
    this.answers[kind]++;
    attempts.replica.at[attempt] = NOWHERE;
    attempts.arrivalMs.at[attempt] = kernel.now;
    attempts.admittedMs.at[attempt] = kernel.now;
    attempts.firstTokenMs.at[attempt] = kernel.now;
    attempts.cachedTokens.at[attempt] = 0;
    attempts.total.at[attempt] = attempts.promptTokens.at[attempt]! + outputTokens;
    this.listener.ended(attempt, AttemptEnd.Degraded);
    attempts.give(attempt);
  }
}
