import { EMPTY_CATALOG } from "../../serving/catalog/OwnCatalog.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { DURATION } from "../../units/Duration.ts";
import type { Fault } from "../check/Fault.ts";
import { checkStructure } from "../check/checkStructure.ts";
import { isMapping } from "../check/Path.ts";
import { digestOf } from "../Digest.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { World } from "../World.ts";
import type { DecodedCatalog } from "./decodeCatalog.ts";
import { decodeCatalog } from "./decodeCatalog.ts";
import { decodeFault } from "./decodeFault.ts";
import { decodePool } from "./FleetDecoding.ts";
import { decodeGate } from "./decodeGate.ts";
import type { GatewayInput } from "./decodeGateway.ts";
import { decodeGateway } from "./decodeGateway.ts";
import { decodeNetwork } from "./decodeNetwork.ts";
import type { StepFiles } from "./readStepFiles.ts";
import type { TraceFiles } from "./decodeTrace.ts";
import { decodeTraffic } from "./decodeTraffic.ts";
import { alignSchedules } from "./alignSchedules.ts";
import type { At } from "./Decoding.ts";
import { Decoding } from "./Decoding.ts";
import type { PoolCatalog } from "./PoolCatalog.ts";
import { present } from "./present.ts";

/** What the decoding of a scenario asks of the world around it. */
export interface DecodeOptions {
  readonly catalog: PoolCatalog;
  readonly traceFiles: TraceFiles;
  readonly stepFiles: StepFiles;
}

/** The longest horizon whose times a dyadic grid holds without loss: 2^30 ms, 12.4 days. */
const LONGEST_HORIZON_MS = 2 ** 30;

/** Turns an authored scenario of any shape into a world, or lists all that is wrong with it. Never throws. */
export const decodeWorld = (authored: unknown, options: DecodeOptions): World | ReadonlyArray<Fault> => {
  const structural = checkStructure(authored);
  const decoding = new Decoding(structural);
  if (!isMapping(authored)) return decoding.faults;
  const world = assemble(decoding, { value: authored as ScenarioInput, path: [] }, options);
  return decoding.faults.length > 0 ? decoding.faults : { ...world, digest: digestOf(authored) };
};

/** Tells the faults from the world. */
export const isFaults = (decoded: World | ReadonlyArray<Fault>): decoded is ReadonlyArray<Fault> => Array.isArray(decoded);

const assemble = (decoding: Decoding, at: At<ScenarioInput>, options: DecodeOptions): Omit<World, "digest"> => {
  const { value } = at;
  const own = decodeOwnCatalog(decoding, at, options);
  const fleet = named(decoding, at, "fleet", (pool, name) =>
    decodePool(decoding, pool, name, { catalog: options.catalog, files: options.stepFiles, own }),
  ).filter((pool) => pool !== undefined);
  const traffic = named(decoding, at, "traffic", (entry, name) => decodeTraffic(decoding, entry, name, options.traceFiles));
  const [horizonMs, warmupMs] = decodeTimes(decoding, at);
  rejectUnknownClasses(
    decoding,
    fleet,
    traffic.map(({ name }) => name),
  );
  rejectIdleRoles(decoding, at, fleet);
  return present({
    name: value.name,
    description: value.description,
    seed: value.seed ?? DEFAULTS.seed,
    horizonMs,
    warmupMs,
    traffic,
    network: decoding.group(at, "network", (network) => decodeNetwork(decoding, network)),
    gateway: decodeGateway(decoding, gatewayOf(at), {
      fleet,
      maxSequences: largestBatch(fleet),
      traffic,
    }),
    fleet: alignSchedules(decoding, at, { fleet, traffic }),
    faults: decodeFaults(decoding, at),
    gates: decodeGates(decoding, at),
  });
};

const decodeOwnCatalog = (decoding: Decoding, { value }: At<ScenarioInput>, { stepFiles }: DecodeOptions): DecodedCatalog =>
  isMapping(value.catalog)
    ? decodeCatalog(decoding, { value: value.catalog, path: ["catalog"] }, stepFiles)
    : { ...EMPTY_CATALOG, broken: new Set() };

const named = <K extends "traffic" | "fleet", R>(
  decoding: Decoding,
  at: At<ScenarioInput>,
  key: K,
  decode: (entry: At<ScenarioInput[K][string]>, name: string) => R,
): ReadonlyArray<R> => {
  const mapping = at.value[key];
  return isMapping(mapping) ? decoding.entries({ value: mapping, path: [key] }, decode as never) : [];
};

const decodeTimes = (decoding: Decoding, at: At<ScenarioInput>): readonly [horizonMs: number, warmupMs: number] => {
  const bounds = { above: 0, maximum: LONGEST_HORIZON_MS };
  const horizonMs = decoding.field(at, "horizon", (horizon) => decoding.quantity(DURATION, horizon, bounds)) ?? NaN;
  const warmupMs = decoding.field(at, "warmup", (warmup) => decoding.quantity(DURATION, warmup)) ?? 0;
  if (warmupMs >= horizonMs) {
    decoding.reject({
      path: ["warmup"],
      constraint: "must be shorter than horizon",
      value: at.value.warmup,
      hint: `horizon is ${at.value.horizon}`,
    });
  }
  return [horizonMs, warmupMs];
};

const gatewayOf = (at: At<ScenarioInput>): At<GatewayInput> => ({
  value: isMapping(at.value.gateway) ? at.value.gateway : {},
  path: ["gateway"],
});

/** Acceptance by class must be of classes that there are. */
const rejectUnknownClasses = (decoding: Decoding, fleet: ReadonlyArray<PoolSpec>, known: ReadonlyArray<string>): void => {
  for (const pool of fleet) {
    for (const name of Object.keys(pool.engine.scheduling?.speculative?.acceptanceByClass ?? {})) {
      if (known.includes(name)) continue;
      decoding.reject({
        path: ["fleet", pool.name, "engine", "speculative", "acceptanceByClass", name],
        constraint: "must be a traffic class",
        hint: `there are ${known.join(", ")}`,
        part: "key",
      });
    }
  }
};

/** Without a way between them, a pool of role prefill would end each answer with its first token. */
const rejectIdleRoles = (decoding: Decoding, at: At<ScenarioInput>, fleet: ReadonlyArray<PoolSpec>): void => {
  if (gatewayOf(at).value.disaggregation !== undefined) return;
  for (const pool of fleet) {
    if (pool.role === undefined) continue;
    decoding.reject({
      path: ["fleet", pool.name, "role"],
      constraint: "needs gateway.disaggregation",
      value: pool.role,
      hint: 'say how the KV cache gets from prefill to decode pools, as { link: { bandwidth: "50GB/s" } }',
    });
  }
};

const largestBatch = (fleet: ReadonlyArray<PoolSpec>): number =>
  Math.max(1, ...fleet.map(({ engine }) => engine.maxSequences * (engine.scheduling?.dataParallel?.ranks ?? 1)));

const decodeFaults = (decoding: Decoding, at: At<ScenarioInput>) => {
  const { fleet, faults = [] } = at.value;
  if (!isMapping(fleet) || !Array.isArray(faults)) return [];
  return decoding.list({ value: faults, path: ["faults"] }, (fault) => decodeFault(decoding, fault, at.value));
};

const decodeGates = (decoding: Decoding, at: At<ScenarioInput>) => {
  const { gates = [], traffic, fleet } = at.value;
  if (!Array.isArray(gates) || !isMapping(traffic) || !isMapping(fleet)) return [];
  return decoding
    .list({ value: gates, path: ["gates"] }, (gate) => decodeGate(decoding, gate, at.value))
    .filter((gate) => gate !== undefined);
};
