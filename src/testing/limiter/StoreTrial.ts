import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { CommandFault } from "../StoreConnection.ts";
import { mostWithin } from "./Bound.ts";
import type { Bound } from "./Bound.ts";
import type { Decision, RefusingAdapter, RefusingLimiter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";

export interface StoreCall {
  readonly number: number;
  readonly node: number;
  readonly cost: number;
  readonly askedAtMs: number;
  /** unknown: it was told of an error, and the store may have charged it. */
  state: "pending" | "admitted" | "refused" | "unknown";
  decidedAtMs: number;
}

/** How often an attempt is sent again until its decision is known. */
const MOST_SENDS = 5;

/** A limiter with a store in one history in which the store fails. Nothing waits for an answer that does not come. */
export class StoreTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: RateLimiterSpec;
  readonly calls: Array<StoreCall> = [];
  /** Admitted cost by the time of the decision. */
  readonly passed: Array<{ readonly atMs: number; readonly cost: number; readonly wipes: number }> = [];
  wipes = 0;
  declare private readonly limiter: RefusingLimiter;
  /** Sees each attempt once, and no fault. */
  private readonly twin: RefusingLimiter | undefined;

  static async start(adapter: RefusingAdapter, spec: RateLimiterSpec, laboratory: Laboratory, compares: boolean): Promise<StoreTrial> {
    const make = async (name: string): Promise<RefusingLimiter> => adapter.make(spec, laboratory, laboratory.uniqueKey(name));
    return new StoreTrial(laboratory, spec, await make("a"), compares ? await make("twin") : undefined);
  }

  private constructor(laboratory: Laboratory, spec: RateLimiterSpec, limiter: RefusingLimiter, twin: RefusingLimiter | undefined) {
    this.laboratory = laboratory;
    this.spec = spec;
    this.limiter = limiter;
    this.twin = twin;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  /** One call whose decision may come later, or never. */
  async ask(node: number): Promise<void> {
    const call = this.begun(node, 1);
    this.laboratory.selectNode(node);
    const decided = (state: StoreCall["state"]): void => this.decide(call, state);
    void this.answer(call, this.limiter).then(
      (decision) => decided(decision.admitted ? "admitted" : "refused"),
      () => decided("unknown"),
    );
    await this.laboratory.drain();
    this.laboratory.note(`call ${call.number} ${call.state}`);
  }

  /** One attempt under a fault, sent again by its id until its decision is known; a twin is asked once, and without it. */
  async attempt(node: number, cost: number, fault: CommandFault | undefined): Promise<void> {
    const call = this.begun(node, cost);
    this.laboratory.selectNode(node);
    this.laboratory.store.next = fault;
    const decision = await this.known(call);
    this.decide(call, decision.admitted ? "admitted" : "refused");
    this.laboratory.note(`attempt ${call.number} ${call.state}`);
    if (this.twin === undefined) return;
    const once = await this.answer(call, this.twin);
    this.expect(
      once.admitted === decision.admitted,
      `an attempt counts once: without the fault it is ${once.admitted ? "admitted" : "refused"}, and here ${call.state}`,
    );
  }

  /** The same attempt once more: the same answer, and nothing is charged, as later attempts show. */
  async again(call: StoreCall): Promise<void> {
    const decision = await this.answer(call, this.limiter);
    this.laboratory.note(`attempt ${call.number} again: ${decision.admitted ? "admitted" : "refused"}`);
    this.expect(
      decision.admitted === (call.state === "admitted"),
      `attempt ${call.number} was ${call.state}: sent again it gets the same answer`,
    );
  }

  async wipe(): Promise<void> {
    await this.limiter.wipe?.();
    this.wipes++;
  }

  failOver(aheadMs: number): void {
    this.laboratory.store.aheadMs += aheadMs;
    // What a clock skips looks like time to refill; one that is behind grants nothing.
    if (aheadMs > 0) this.wipes++;
  }

  /** Calls that have no decision after their time. */
  expectDecisions(withinMs: number): void {
    const late = this.calls.find((call) => (call.state === "pending" ? this.nowMs : call.decidedAtMs) - call.askedAtMs > withinMs);
    this.expect(late === undefined, `call ${late?.number} has its decision within ${withinMs} ms, whatever the store does`);
    const unknown = this.calls.find((call) => call.state === "unknown");
    this.expect(unknown === undefined, `call ${unknown?.number} is admitted or refused, not failed`);
  }

  /** A store that lost its data, or whose clock jumped ahead, may grant one capacity more. */
  expectBound(bound: Bound): void {
    let sum = 0;
    for (const one of this.passed.toReversed()) {
      sum += one.cost;
      const most = mostWithin(bound, this.nowMs - one.atMs) + (this.wipes - one.wipes) * this.spec.limit;
      this.expect(sum <= most + 1e-6, `at most ${most} permits pass within ${this.nowMs - one.atMs} ms; ${sum} did`);
    }
  }

  dispose(): void {
    this.laboratory.store.state = "up";
    this.limiter.dispose?.();
    this.twin?.dispose?.();
  }

  private expect(condition: boolean, expected: string): void {
    if (!condition) throw new LawBroken(expected);
  }

  private begun(node: number, cost: number): StoreCall {
    const call: StoreCall = { number: this.calls.length + 1, node, cost, askedAtMs: this.nowMs, state: "pending", decidedAtMs: Number.NaN };
    this.calls.push(call);
    return call;
  }

  private decide(call: StoreCall, state: StoreCall["state"]): void {
    call.state = state;
    call.decidedAtMs = this.nowMs;
    if (state === "admitted") this.passed.push({ atMs: this.nowMs, cost: call.cost, wipes: this.wipes });
  }

  private async known(call: StoreCall): Promise<Decision> {
    for (let sent = 1; ; sent++) {
      try {
        return await this.answer(call, this.limiter);
      } catch (error) {
        if (sent === MOST_SENDS) throw error;
      }
    }
  }

  private answer(call: StoreCall, limiter: RefusingLimiter): Promise<Decision> {
    return this.laboratory.answer(limiter.consume({ key: "k", cost: call.cost, node: call.node, id: `attempt${call.number}` }));
  }
}
