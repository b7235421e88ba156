import type { FaultSpec } from "../../serving/ServingSpec.ts";
import { DURATION } from "../../units/Duration.ts";
import { SHARE } from "../../units/Share.ts";
import { isMapping } from "../check/Path.ts";
import { suggest } from "../check/nearest.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Fault } from "../schema/Faults.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";

export type FaultInput = typeof Fault.Type;
type Written = NonNullable<FaultInput["replicaDown"]>;
/** What a fault may strike. */
export type FaultSurroundings = Pick<ScenarioInput, "fleet" | "gateway">;
type Where = Omit<Written, "for"> & { readonly for?: Written["for"] };

/** What happens to a replica that can be off. */
const NEEDS_STARTUP = ["restart", "drain"] as const;
const KINDS = ["replicaDown", "restart", "drain", "cacheWipe", "linkDown"] as const;

/** Turns what breaks into numbers and checks that it is there. */
export const decodeFault = (decoding: Decoding, { value, path }: At<FaultInput>, { fleet, gateway }: FaultSurroundings): FaultSpec => {
  for (const kind of KINDS) {
    const written: Where | undefined = value[kind];
    if (written !== undefined) return { kind, ...decodeWhere(decoding, { value: written, path: [...path, kind] }, fleet) };
  }
  const { failing } = value;
  if (failing !== undefined) {
    const at = { value: failing, path: [...path, "failing"] };
    const shareRatio = decoding.quantity(SHARE, { value: failing.share, path: [...at.path, "share"] }, { above: 0 });
    return { kind: "failing", ...decodeWhere(decoding, at, fleet), shareRatio };
  }
  if (value.storeDown !== undefined || value.storeSlow !== undefined || value.cacheFlush !== undefined)
    return decodeEntranceFault(decoding, { value, path }, gateway);
  const kind = value.linkSlow === undefined ? "slowdown" : "linkSlow";
  const written = (value.linkSlow ?? value.slowdown)!;
  return { kind, ...decodeWhere(decoding, { value: written, path: [...path, kind] }, fleet), factor: written.factor };
};

/** What breaks in front of the fleet; it must be there. */
const decodeEntranceFault = (decoding: Decoding, { value, path }: At<FaultInput>, gateway: ScenarioInput["gateway"]): FaultSpec => {
  const kind = value.storeDown !== undefined ? "storeDown" : value.storeSlow !== undefined ? "storeSlow" : "cacheFlush";
  const part = kind === "cacheFlush" ? "cache" : "store";
  const written: { readonly at: string; readonly for?: string } = (value.storeDown ?? value.storeSlow ?? value.cacheFlush)!;
  if (gateway?.[part] === undefined) {
    const hint = part === "store" ? "without a store the gateway keeps its limits itself" : "without a cache there is nothing to flush";
    decoding.reject({ path: [...path, kind], constraint: `must be together with gateway.${part}`, hint, part: "key" });
  }
  const atMs = decoding.quantity(DURATION, { value: written.at, path: [...path, kind, "at"] });
  const durationMs =
    written.for === undefined ? 0 : decoding.quantity(DURATION, { value: written.for, path: [...path, kind, "for"] }, { above: 0 });
  if (kind === "storeSlow") return { kind, part: "store", factor: value.storeSlow!.factor, atMs, durationMs };
  return { kind, part, atMs, durationMs };
};

const checkLink = (decoding: Decoding, { value, path }: At<Where>, pool: ScenarioInput["fleet"][string]): void => {
  if (pool.role === "prefill" || !String(path.at(-1)).startsWith("link")) return;
  const hint = "prefill replicas send over links of their own";
  decoding.reject({ path: [...path, "pool"], constraint: "must be a pool of role prefill", value: value.pool, hint });
};

const checkStartup = (decoding: Decoding, { value, path }: At<Where>, pool: ScenarioInput["fleet"][string]): void => {
  if (pool.startup !== undefined || pool.autoscale !== undefined || !NEEDS_STARTUP.some((kind) => kind === path.at(-1))) return;
  decoding.reject({
    path: [...path, "pool"],
    constraint: "must be a pool with startup",
    value: value.pool,
    hint: `say how its replicas start, as fleet.${value.pool}.startup: { compile: "40s" }`,
  });
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
  } else if (isMapping(pool)) {
    checkStartup(decoding, { value, path }, pool);
    checkLink(decoding, { value, path }, pool);
    checkCount(decoding, { value, path }, pool);
  }
  return {
    pool: value.pool,
    replicas: value.replicas,
    atMs: decoding.quantity(DURATION, { value: value.at, path: [...path, "at"] }),
    durationMs: value.for === undefined ? 0 : decoding.quantity(DURATION, { value: value.for, path: [...path, "for"] }, shortest(path)),
  };
};

/** A restart may be without a pause. */
const shortest = (path: At<Where>["path"]): Bounds => (path.at(-1) === "restart" ? {} : { above: 0 });

const checkCount = (decoding: Decoding, { value, path }: At<Where>, pool: ScenarioInput["fleet"][string]): void => {
  const most = pool.autoscale?.max ?? pool.replicas ?? DEFAULTS.pool.replicas;
  if (value.replicas > most) {
    const constraint = `must be at most ${most}`;
    decoding.reject({
      path: [...path, "replicas"],
      constraint,
      value: value.replicas,
      hint: `the pool ${value.pool} has no more`,
    });
  }
};
