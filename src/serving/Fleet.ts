import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { BlockLists } from "./engine/BlockLists.ts";
import type { Engine, EngineListener } from "./engine/Engine.ts";
import { Replica } from "./engine/Replica.ts";
import type { PoolSpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";
import { StationReplica, StationTable } from "./station/StationReplica.ts";

/** Replicas of all pools under one numbering, pool after pool. */
export interface FleetService {
  readonly pools: ReadonlyArray<PoolSpec>;
  readonly replicas: ReadonlyArray<Engine>;
  /** Pool of each replica. */
  readonly poolOf: Int32Array;
  /** Whom the replicas report to; set once by the component in front of the fleet. */
  connect(listener: EngineListener): void;
}

export class Fleet extends Context.Service<Fleet, FleetService>()("spillway/Fleet") {
  static readonly layer = (pools: ReadonlyArray<PoolSpec>, classes: number): Layer.Layer<Fleet, never, Simulation> =>
    Layer.effect(
      Fleet,
      Effect.map(Simulation, (simulation) => buildFleet(simulation, pools, classes)),
    );
}

const buildFleet = (simulation: typeof Simulation.Service, pools: ReadonlyArray<PoolSpec>, classes: number): FleetService => {
  const relay = new Relay();
  const blockLists = new BlockLists();
  const poolOf: Array<number> = [];
  const replicas = pools.flatMap((pool, index) => {
    const { station } = pool;
    const table = station && new StationTable(station, { ...simulation, pool: pool.name });
    return Array.from({ length: pool.replicas }, (): Engine => {
      poolOf.push(index);
      if (table !== undefined) return new StationReplica({ ...simulation, station: station!, table, listener: relay });
      return new Replica({ ...simulation, engine: pool.engine, blockLists, classes, listener: relay });
    });
  });
  return { pools, replicas, poolOf: Int32Array.from(poolOf), connect: (listener) => void (relay.to = listener) };
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
}
