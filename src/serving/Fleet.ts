import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Column } from "../kernel/SlotPool.ts";
import { BlockLists } from "./engine/BlockLists.ts";
import type { Engine, EngineListener } from "./engine/Engine.ts";
import { Disaggregation } from "./Disaggregation.ts";
import type { DisaggregationSpec } from "./DisaggregationSpec.ts";
import { engineOf } from "./engine/engineOf.ts";
import { StepTime } from "./engine/StepTime.ts";
import type { Lifecycle } from "./Lifecycle.ts";
import { DelayedReplica } from "./machine/DelayedReplica.ts";
import type { Machine } from "./machine/Machine.ts";
import type { PoolSpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";
import { StationReplica, StationTable } from "./station/StationReplica.ts";
import { Surroundings } from "./Surroundings.ts";

/** What engines need to know of a traffic class. */
export interface EngineClass {
  readonly name: string;
  /** Lower is more urgent. */
  readonly priority: number;
}

/** Replicas of all pools under one numbering, pool after pool. */
export interface FleetService {
  readonly pools: ReadonlyArray<PoolSpec>;
  readonly replicas: ReadonlyArray<Engine>;
  /** Pool of each replica. */
  readonly poolOf: Int32Array;
  /** CPU, port and disk of each replica that has them modeled. */
  readonly machines?: ReadonlyMap<number, Machine>;
  /** Turns replicas on and off. */
  readonly lifecycle?: Lifecycle;
  /** Moves attempts from prefill to decode replicas. */
  readonly disaggregation?: Disaggregation | undefined;
  /** Whom the replicas report to; set once by the component in front of the fleet. */
  connect(listener: EngineListener): void;
}

export class Fleet extends Context.Service<Fleet, FleetService>()("spillway/Fleet") {
  static readonly layer = (
    pools: ReadonlyArray<PoolSpec>,
    classes: ReadonlyArray<EngineClass>,
    disaggregation?: DisaggregationSpec,
  ): Layer.Layer<Fleet, never, Simulation> =>
    Layer.effect(
      Fleet,
      Effect.map(Simulation, (simulation) => buildFleet(simulation, pools, classes, disaggregation)),
    );
}

const buildFleet = (
  simulation: typeof Simulation.Service,
  pools: ReadonlyArray<PoolSpec>,
  classes: ReadonlyArray<EngineClass>,
  disaggregation: DisaggregationSpec | undefined,
): FleetService => {
  const relay = new Relay();
  const shared = {
    ...simulation,
    blockLists: new BlockLists(),
    classes: classes.length,
    classNames: classes.map(({ name }) => name),
    priorities: classes.map(({ priority }) => priority),
  };
  const poolOf: Array<number> = [];
  const surroundings = new Surroundings(simulation);
  let tickets: Column<Float64Array> | undefined;
  const handover = disaggregation && new Disaggregation({ ...simulation, spec: disaggregation, listener: relay });
  const replicas = pools.flatMap((pool, index) => {
    const { station } = pool;
    const table = station && new StationTable(station, { ...simulation, pool: pool.name });
    const stepTime = new StepTime(pool.engine.step, simulation.kernel.grid, 1, pool.engine.host);
    const build = (listener: EngineListener): Engine => {
      if (table !== undefined) return new StationReplica({ ...simulation, station: station!, table, listener });
      return engineOf({ ...shared, engine: pool.engine, stepTime, listener });
    };
    const delay = (engine: Engine, listener: EngineListener): Engine => {
      const { requestOverhead: overhead } = pool;
      if (overhead === undefined) return engine;
      tickets ??= simulation.attempts.float64();
      return new DelayedReplica({ ...simulation, overhead, tickets, maxWaiting: pool.engine.maxWaiting, listener, engine });
    };
    const delayed = (listener: EngineListener): Engine => delay(build(listener), listener);
    return Array.from({ length: pool.replicas }, (_, i): Engine => {
      const replica = poolOf.push(index) - 1;
      if (pool.role === "prefill" && handover !== undefined) {
        return delay(handover.prefill(replica, pool.kvBytesPerToken ?? 0, build), relay);
      }
      if (pool.role === "decode" && handover !== undefined) return handover.decode(replica, build);
      return surroundings.surround(pool, { replica, index: i, poolIndex: index }, { build: delayed, listener: relay });
    });
  });
  const { machines, lifecycle } = surroundings;
  return {
    pools,
    replicas,
    poolOf: Int32Array.from(poolOf),
    machines,
    lifecycle,
    disaggregation: handover,
    connect: (listener) => void (relay.to = listener),
  };
};

/** Stands in for the listener that is built after the fleet. */
class Relay implements EngineListener {
  to: EngineListener | undefined;

  firstToken(attempt: number): void {
    this.to!.firstToken(attempt);
  }

  finished(attempt: number): void {
    this.to!.finished(attempt);
  }

  released(attempt: number, generatedTokens: number): void {
    this.to!.released(attempt, generatedTokens);
  }

  failed(attempt: number, generatedTokens: number): void {
    this.to!.failed(attempt, generatedTokens);
  }

  moved(attempt: number, replica: number): void {
    this.to!.moved?.(attempt, replica);
  }
}
