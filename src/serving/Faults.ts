import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Actor } from "../kernel/Kernel.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { EntranceService } from "./Entrance.ts";
import { Entrance } from "./Entrance.ts";
import type { FleetService } from "./Fleet.ts";
import { Fleet } from "./Fleet.ts";
import type { GatewayService } from "./Gateway.ts";
import { Gateway } from "./Gateway.ts";
import type { FaultSpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";

/** Strikes fleet, store and cache on schedule. */
export class Faults extends Context.Service<Faults, { readonly schedule: ReadonlyArray<FaultSpec> }>()("spillway/Faults") {
  static readonly layer = (schedule: ReadonlyArray<FaultSpec>): Layer.Layer<Faults, never, Simulation | Fleet | Gateway | Entrance> =>
    Layer.effect(
      Faults,
      Effect.gen(function* () {
        return new FaultInjector(schedule, yield* Simulation, yield* Fleet, yield* Gateway, yield* Entrance);
      }),
    );
}

const OP_START = 0;
const OP_END = 1;

type ReplicaFault = Extract<FaultSpec, { readonly pool: string }>;
type EntranceFault = Exclude<FaultSpec, ReplicaFault>;

class FaultInjector implements Actor {
  declare readonly schedule: ReadonlyArray<FaultSpec>;
  declare private readonly fleet: FleetService;
  declare private readonly gateway: GatewayService;
  declare private readonly entrance: EntranceService;
  /** How many faults hold each replica down; overlapping ones end when the last ends. */
  declare private readonly holds: Int32Array;
  /** Faults that slow each replica or its link. */
  declare private readonly slow: Array<Set<number>>;

  /** Faults that slow the store, and those that fail attempts at each replica. */
  private readonly storeSlow = new Set<number>();
  declare private readonly failing: Array<Set<number>>;

  constructor(
    schedule: ReadonlyArray<FaultSpec>,
    simulation: typeof Simulation.Service,
    fleet: FleetService,
    gateway: GatewayService,
    entrance: EntranceService,
  ) {
    this.entrance = entrance;
    this.failing = fleet.replicas.map(() => new Set());
    this.schedule = schedule;
    this.fleet = fleet;
    this.gateway = gateway;
    this.holds = new Int32Array(fleet.replicas.length);
    this.slow = fleet.replicas.map(() => new Set());
    const actor = simulation.kernel.join(this);
    // All starts before all ends: where one fault ends as the next begins, there is no gap.
    schedule.forEach((fault, i) => simulation.kernel.post(fault.atMs, actor, OP_START, i, Phase.Fault));
    schedule.forEach((fault, i) => simulation.kernel.post(fault.atMs + fault.durationMs, actor, OP_END, i, Phase.Fault));
  }

  wake(op: number, index: number): void {
    const fault = this.schedule[index]!;
    if (!("pool" in fault)) return this.strikeEntrance(fault, index, op === OP_START);
    for (const replica of this.targets(fault)) {
      if (fault.kind === "replicaDown" || fault.kind === "restart") this.hold(replica, op === OP_START);
      else if (fault.kind === "drain") this.drain(replica, op === OP_START);
      else if (fault.kind === "linkDown") this.fleet.disaggregation?.holdLink(replica, op === OP_START);
      else if (fault.kind === "linkSlow") this.fleet.disaggregation?.slowLink(replica, this.factor(replica, index, op === OP_START));
      else if (fault.kind === "failing") this.failSome(replica, index, op === OP_START);
      else if (fault.kind === "cacheWipe") this.wipe(replica, op === OP_START);
      else this.fleet.replicas[replica]!.slowDown(this.factor(replica, index, op === OP_START));
    }
  }

  /** The first replicas of the pool. */
  private targets(fault: ReplicaFault): Array<number> {
    const pool = this.fleet.pools.findIndex((candidate) => candidate.name === fault.pool);
    const all = this.fleet.replicas.map((_, replica) => replica).filter((replica) => this.fleet.poolOf[replica] === pool);
    return all.slice(0, fault.replicas);
  }

  private hold(replica: number, start: boolean): void {
    this.holds[replica]! += start ? 1 : -1;
    if (start && this.holds[replica] === 1) this.fleet.replicas[replica]!.fail();
    else if (!start && this.holds[replica] === 0) this.fleet.replicas[replica]!.recover();
    this.gateway.availabilityChanged(replica);
  }

  private strikeEntrance(fault: EntranceFault, index: number, start: boolean): void {
    const { store, cache } = this.entrance;
    if (fault.kind === "storeDown") store?.hold(start);
    else if (fault.kind === "cacheFlush") {
      if (start) cache?.flush();
    } else {
      mark(this.storeSlow, index, start);
      store?.slowDown(this.product(this.storeSlow, (of) => (of.kind === "storeSlow" ? of.factor : 1)));
    }
  }

  private failSome(replica: number, index: number, start: boolean): void {
    const active = this.failing[replica]!;
    mark(active, index, start);
    this.gateway.setFailing?.(replica, 1 - this.product(active, (of) => (of.kind === "failing" ? 1 - of.shareRatio : 1)));
  }

  private product(active: ReadonlySet<number>, of: (fault: FaultSpec) => number): number {
    let product = 1;
    for (const index of active) product *= of(this.schedule[index]!);
    return product;
  }

  private drain(replica: number, start: boolean): void {
    if (start) this.fleet.lifecycle?.drain(replica);
    else this.fleet.lifecycle?.start(replica);
  }

  private wipe(replica: number, start: boolean): void {
    if (start) this.fleet.replicas[replica]!.wipeCache?.();
  }

  /** What all faults of this kind on the replica do together, after one begins or ends. */
  private factor(replica: number, index: number, start: boolean): number {
    const active = this.slow[replica]!;
    if (start) active.add(index);
    else active.delete(index);
    const { kind } = this.schedule[index]!;
    let factor = 1;
    for (const i of active) {
      const fault = this.schedule[i]!;
      if ((fault.kind === "slowdown" || fault.kind === "linkSlow") && fault.kind === kind) factor *= fault.factor;
    }
    return factor;
  }
}

const mark = (active: Set<number>, index: number, start: boolean): void => {
  if (start) active.add(index);
  else active.delete(index);
};
