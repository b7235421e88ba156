import type { Engine, EngineListener } from "./engine/Engine.ts";
import { LivingReplica } from "./life/LivingReplica.ts";
import { Lifecycle } from "./Lifecycle.ts";
import type { Machine } from "./machine/Machine.ts";
import { MachineReplica, MachineTable } from "./machine/MachineReplica.ts";
import type { PoolSpec } from "./ServingSpec.ts";
import type { Simulation } from "./Simulation.ts";

/** Where a replica stands: in the fleet, in its pool, and its pool in the fleet. */
export interface Place {
  readonly replica: number;
  readonly index: number;
  readonly poolIndex: number;
}

/** Puts machine and life around the engines that have them; others are built as they are. */
export class Surroundings {
  readonly machines = new Map<number, Machine>();
  declare readonly lifecycle: Lifecycle;
  declare private readonly simulation: typeof Simulation.Service;
  private table: MachineTable | undefined;

  constructor(simulation: typeof Simulation.Service) {
    this.simulation = simulation;
    this.lifecycle = new Lifecycle(simulation.kernel);
  }

  surround(
    pool: PoolSpec,
    { replica, index, poolIndex }: Place,
    engine: { build: (to: EngineListener) => Engine; listener: EngineListener },
  ): Engine {
    const { startup } = pool;
    const machine = (listener: EngineListener): Engine => this.withMachine(pool, replica, { ...engine, listener });
    if (startup === undefined) return machine(engine.listener);
    const living = new LivingReplica({
      ...this.simulation,
      startup,
      ready: index < (pool.initial ?? pool.replicas),
      listener: engine.listener,
      build: machine,
      changed: () => this.lifecycle.changed(replica),
      entered: (before, after) => this.lifecycle.moved(replica, before, after),
    });
    this.lifecycle.add(replica, poolIndex, living);
    return living;
  }

  private withMachine(
    pool: PoolSpec,
    replica: number,
    engine: { build: (to: EngineListener) => Engine; listener: EngineListener },
  ): Engine {
    if (pool.machine === undefined) return engine.build(engine.listener);
    this.table ??= new MachineTable(this.simulation.attempts);
    const { maxWaiting } = pool.engine;
    const built = new MachineReplica({ ...this.simulation, ...engine, spec: pool.machine, table: this.table, maxWaiting });
    this.machines.set(replica, built.machine);
    return built;
  }
}
