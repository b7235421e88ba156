import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Sampler, UnitSource } from "../../kernel/Sampler.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { samplerOf } from "../../workload/SamplerOf.ts";
import type { Simulation } from "../Simulation.ts";
import type { StoreSpec } from "./StoreSpec.ts";

/** Who asks the store; `ref` is the slot of an attempt. */
export interface StoreClient {
  /** The script runs on the store now, one at a time: read and change the shared state. */
  execute(ref: number): void;
  /** The reply is here. */
  replied(ref: number): void;
  /** No reply in time. The script may have run all the same. */
  unavailable(ref: number): void;
}

const OP_EXECUTE = 0;
const OP_REPLY = 1;
const OP_TIMEOUT = 2;
const NONE = -1;

/**
 * A simulated Redis: scripts run in the order of their arrival, half a round trip after they were sent; the other half brings the reply.
 * While it is down nothing runs and nobody gets a reply; while it is slow every round trip is longer.
 */
export class Store implements Actor {
  declare readonly spec: StoreSpec;
  /** Calls, and calls without a reply in time, since the start of the measurement. */
  calls = 0;
  unanswered = 0;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly latency: Sampler;
  declare private readonly draws: UnitSource;
  declare private readonly actor: number;
  private readonly clients: Array<StoreClient> = [];
  declare private readonly client: Column<Int32Array>;
  declare private readonly next: Column<Float64Array>;
  declare private readonly limit: Column<Float64Array>;
  declare private readonly halfMs: Column<Float64Array>;
  private holds = 0;
  private factor = 1;

  constructor(spec: StoreSpec, simulation: typeof Simulation.Service) {
    this.spec = spec;
    this.simulation = simulation;
    this.latency = samplerOf(spec.latency);
    this.draws = simulation.streams.open("store", "latency").sequence();
    this.actor = simulation.kernel.join(this);
    const { attempts } = simulation;
    this.client = attempts.int32();
    this.next = attempts.float64();
    this.limit = attempts.float64();
    this.halfMs = attempts.float64();
  }

  /** Registers a caller; its number goes with each call. */
  join(client: StoreClient): number {
    return this.clients.push(client) - 1;
  }

  startMeasuring(): void {
    this.calls = 0;
    this.unanswered = 0;
  }

  /** Sends a script call. One call per ref at a time. */
  ask(client: number, ref: number): void {
    const { kernel } = this.simulation;
    this.calls++;
    this.client.at[ref] = client;
    const roundTripMs = Math.max(0, this.latency.sample(this.draws)) * this.factor;
    this.halfMs.at[ref] = roundTripMs / 2;
    this.limit.at[ref] = kernel.post(kernel.now + this.spec.timeoutMs, this.actor, OP_TIMEOUT, ref, Phase.Timeout);
    this.next.at[ref] = kernel.post(kernel.now + roundTripMs / 2, this.actor, OP_EXECUTE, ref, Phase.Arrival);
  }

  /** The caller no longer waits; a call that has not reached the store never runs. */
  forget(ref: number): void {
    const { kernel } = this.simulation;
    kernel.revoke(this.limit.at[ref]!);
    if (this.next.at[ref] !== NONE) kernel.revoke(this.next.at[ref]!);
  }

  /** A fault begins (true) or ends: while one holds, the store is down. */
  hold(start: boolean): void {
    this.holds += start ? 1 : -1;
  }

  /** Every round trip that starts from now on takes `factor` times as long. */
  slowDown(factor: number): void {
    this.factor = factor;
  }

  wake(op: number, ref: number): void {
    const { kernel } = this.simulation;
    const client = this.clients[this.client.at[ref]!]!;
    if (op === OP_TIMEOUT) {
      this.unanswered++;
      if (this.next.at[ref] !== NONE) kernel.revoke(this.next.at[ref]!);
      return client.unavailable(ref);
    }
    this.next.at[ref] = NONE;
    if (op === OP_EXECUTE) {
      if (this.holds > 0) return;
      client.execute(ref);
      this.next.at[ref] = kernel.post(kernel.now + this.halfMs.at[ref]!, this.actor, OP_REPLY, ref, Phase.Arrival);
      return;
    }
    kernel.revoke(this.limit.at[ref]!);
    client.replied(ref);
  }
}
