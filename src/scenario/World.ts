import type { Gate } from "../experiment/Gate.ts";
import type { FaultSpec, GatewaySpec, PoolSpec } from "../serving/ServingSpec.ts";
import type { NetworkSpec } from "../serving/stage/NetworkStage.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";

/** A scenario with all quantities parsed, all defaults filled in and all catalog names looked up. Times in ms. */
export interface World {
  readonly name: string;
  readonly description?: string;
  readonly seed: number;
  readonly horizonMs: number;
  readonly warmupMs: number;
  readonly traffic: ReadonlyArray<TrafficClassSpec>;
  readonly network?: NetworkSpec;
  readonly gateway: GatewaySpec;
  readonly fleet: ReadonlyArray<PoolSpec>;
  readonly faults: ReadonlyArray<FaultSpec>;
  readonly gates: ReadonlyArray<Gate>;
  /** The first 12 hexadecimal digits of the SHA-256 of the authored scenario; see `digestOf`. */
  readonly digest: string;
  /** Settings that are written and change nothing, a line each; absent where there are none. */
  readonly warnings?: ReadonlyArray<string>;
}
