import type { FaultSpec } from "../../serving/ServingSpec.ts";
import { DURATION } from "../../units/Duration.ts";
import { isMapping } from "../check/Path.ts";
import { suggest } from "../check/nearest.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Fault } from "../schema/Faults.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { At, Decoding } from "./Decoding.ts";

export type FaultInput = typeof Fault.Type;
type Where = NonNullable<FaultInput["replicaDown"]>;

/** Turns what breaks into numbers and checks that it is there. */
export const decodeFault = (decoding: Decoding, { value, path }: At<FaultInput>, fleet: ScenarioInput["fleet"]): FaultSpec => {
  if (value.replicaDown !== undefined) {
    return {
      kind: "replicaDown",
      ...decodeWhere(decoding, { value: value.replicaDown, path: [...path, "replicaDown"] }, fleet),
    };
  }
  const where = decodeWhere(decoding, { value: value.slowdown, path: [...path, "slowdown"] }, fleet);
  return { kind: "slowdown", ...where, factor: value.slowdown.factor };
};

const decodeWhere = (decoding: Decoding, { value, path }: At<Where>, fleet: ScenarioInput["fleet"]) => {
  const pool = Object.hasOwn(fleet, value.pool) ? fleet[value.pool] : undefined;
  if (pool === undefined) {
    const hint = suggest(value.pool, Object.keys(fleet));
    decoding.reject({
      path: [...path, "pool"],
      constraint: "must be a pool of the fleet",
      value: value.pool,
      hint,
    });
  } else if (isMapping(pool) && value.replicas > (pool.replicas ?? DEFAULTS.pool.replicas)) {
    const constraint = `must be at most ${pool.replicas ?? DEFAULTS.pool.replicas}`;
    decoding.reject({
      path: [...path, "replicas"],
      constraint,
      value: value.replicas,
      hint: `the pool ${value.pool} has no more`,
    });
  }
  return {
    pool: value.pool,
    replicas: value.replicas,
    atMs: decoding.quantity(DURATION, { value: value.at, path: [...path, "at"] }),
    durationMs: decoding.quantity(DURATION, { value: value.for, path: [...path, "for"] }, { above: 0 }),
  };
};
