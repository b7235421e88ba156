import type { EngineSpec } from "../ServingSpec.ts";
import type { Engine } from "./Engine.ts";
import type { ReplicaOptions } from "./Replica.ts";
import { Replica } from "./Replica.ts";
import { SteppedReplica } from "./stepped/SteppedReplica.ts";

/** The engine that simulates a spec exactly: by leaps where they hold, else step by step. */
export const engineOf = (options: ReplicaOptions): Engine =>
  isLeapable(options.engine) ? new Replica(options) : new SteppedReplica(options);

/** Leaps hold for vLLM V1's scheduler with its defaults and step times that are linear within a phase. */
export const isLeapable = (engine: EngineSpec): boolean => engine.scheduling === undefined && engine.stepTable === undefined;
