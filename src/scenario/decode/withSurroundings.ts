import type { StartupSpec } from "../../serving/life/StartupSpec.ts";
import type { DiskSpec, FrontendSpec, MachineSpec, PortSpec } from "../../serving/machine/MachineSpec.ts";
import type { HostSpec, PoolSpec } from "../../serving/ServingSpec.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import { BYTES } from "../../units/Bytes.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Pool } from "../schema/Fleet.ts";
import type { AutoscaleInput } from "./decodeAutoscale.ts";
import { decodeAutoscale } from "./decodeAutoscale.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type PoolInput = typeof Pool.Type;
type EngineInput = NonNullable<PoolInput["engine"]>;
type FrontendInput = NonNullable<PoolInput["frontend"]>;
type PortInput = NonNullable<PoolInput["network"]>;
type DiskInput = NonNullable<PoolInput["disk"]>;
type StartupInput = NonNullable<PoolInput["startup"]>;

const POSITIVE: Bounds = { above: 0 };

/** Adds to a pool what surrounds its engines: host, machine, startup. */
export const withSurroundings = (decoding: Decoding, at: At<PoolInput>, pool: PoolSpec): PoolSpec => {
  const engine: At<EngineInput> = { value: at.value.engine ?? {}, path: [...at.path, "engine"] };
  const host = decoding.group(engine, "host", (member) => decodeHost(decoding, member));
  const machine: MachineSpec = present({
    frontend: decoding.group(at, "frontend", (member) => decodeFrontend(decoding, member)),
    port: decoding.group(at, "network", (member) => decodePort(decoding, member)),
    disk: decoding.group(at, "disk", (member) => decodeDisk(decoding, member)),
  });
  const startup = decoding.group(at, "startup", (member) => decodeStartup(decoding, member, pool));
  checkInitial(decoding, at, startup);
  const scaled = decoding.group(at, "autoscale", (member) => withAutoscale(decoding, at, member, { pool, startup }));
  const role = at.value.role ?? DEFAULTS.pool.role;
  const hosted = host === undefined ? pool.engine : { ...pool.engine, host };
  if (role !== "both") checkApart(decoding, at);
  if (role === "decode" && Object.hasOwn(engine.value, "requestOverhead")) {
    const hint = "it passes once, before a prompt reaches a prefill pool: say it there";
    decoding.reject({ path: [...engine.path, "requestOverhead"], constraint: "must not be together with role decode", hint, part: "key" });
  }
  return present({
    ...pool,
    engine: role === "both" ? hosted : { ...hosted, scheduling: { ...pool.engine.scheduling, prefillOnly: role === "prefill" } },
    role: role === "both" ? undefined : role,
    kvBytesPerToken: role === "prefill" ? kvBytesPerToken(decoding, at, pool) : undefined,
    machine: Object.keys(machine).length > 0 ? machine : undefined,
    startup,
    initial: at.value.initial,
    ...scaled,
  });
};

/** The fleet is as large as it may become; what is not there at the start is off. */
const withAutoscale = (
  decoding: Decoding,
  at: At<PoolInput>,
  member: At<AutoscaleInput>,
  of: { readonly pool: PoolSpec; readonly startup: StartupSpec | undefined },
): Pick<PoolSpec, "autoscale" | "replicas" | "initial" | "startup" | "warnings"> => {
  const startup = of.startup ?? { pullMs: 0, loadMs: 0, warmMs: 0, drainTimeoutMs: parseDuration(DEFAULTS.startup.drainTimeout) as number };
  const autoscale = decodeAutoscale(decoding, member, startup);
  const { minReplicas, maxReplicas } = autoscale;
  const initial = at.value.replicas ?? minReplicas;
  if (initial < minReplicas || initial > maxReplicas) {
    const constraint = `must be from autoscale.min to autoscale.max, ${minReplicas} to ${maxReplicas}`;
    decoding.reject({ path: [...at.path, "replicas"], constraint, value: initial });
  }
  if (Object.hasOwn(at.value, "initial")) {
    const hint = "with autoscale, replicas is the number at the start";
    decoding.reject({ path: [...at.path, "initial"], constraint: "must not be together with autoscale", hint, part: "key" });
  }
  const atOnce = startup.pullMs + startup.loadMs + startup.warmMs === 0;
  const warning = 'new replicas are ready at once: say how they start with startup, as { compile: "40s" }';
  return { autoscale, replicas: maxReplicas, initial, startup, warnings: atOnce ? [...of.pool.warnings, warning] : of.pool.warnings };
};

/** What is not modeled where prompts and answers are computed apart. */
const checkApart = (decoding: Decoding, at: At<PoolInput>): void => {
  for (const key of ["frontend", "network", "disk", "startup", "initial", "autoscale", "station"] as const) {
    if (!Object.hasOwn(at.value, key)) continue;
    const hint = "it is modeled for pools of role both only";
    decoding.reject({ path: [...at.path, key], constraint: `must not be together with role ${at.value.role}`, hint, part: "key" });
  }
};

const kvBytesPerToken = (decoding: Decoding, at: At<PoolInput>, pool: PoolSpec): number => {
  const written = decoding.field(at, "kvBytesPerToken", (size) => decoding.quantity(BYTES, size));
  const known = pool.knownModel?.kvBytesPerToken;
  if (written === undefined && known === undefined) {
    const hint = `"${pool.model}" is not in the catalog: as "320kB" for a 70B model`;
    decoding.reject({ path: [...at.path, "kvBytesPerToken"], constraint: "is missing", hint });
  }
  return written ?? known ?? NaN;
};

type HostInput = NonNullable<EngineInput["host"]>;

const decodeHost = (decoding: Decoding, at: At<HostInput>): HostSpec => ({
  perStepMs: decoding.field(at, "perStep", (written) => decoding.quantity(DURATION, written)) ?? 0,
  perSequenceMs: decoding.field(at, "perSequence", (written) => decoding.quantity(DURATION, written)) ?? 0,
  mode: at.value.mode ?? DEFAULTS.host.mode,
});

const decodeFrontend = (decoding: Decoding, at: At<FrontendInput>): FrontendSpec => {
  const ms = (key: "perRequest" | "perPromptToken" | "perStreamedToken"): number =>
    decoding.quantity(DURATION, { value: at.value[key] ?? DEFAULTS.frontend[key], path: [...at.path, key] });
  return {
    cores: at.value.cores,
    perRequestMs: ms("perRequest"),
    perPromptTokenMs: ms("perPromptToken"),
    perStreamedTokenMs: ms("perStreamedToken"),
  };
};

const decodePort = (decoding: Decoding, at: At<PortInput>): PortSpec => {
  const bytes = (key: "perPromptToken" | "perStreamedToken"): number =>
    decoding.quantity(BYTES, { value: at.value[key] ?? DEFAULTS.port[key], path: [...at.path, key] });
  return {
    bytesPerMs: perMs(decoding, at, "bandwidth"),
    perPromptTokenBytes: bytes("perPromptToken"),
    perStreamedTokenBytes: bytes("perStreamedToken"),
  };
};

const decodeDisk = (decoding: Decoding, at: At<DiskInput>): DiskSpec => {
  const bytes = (key: "logPerRequest" | "temporaryPerRequest"): number =>
    decoding.quantity(BYTES, { value: at.value[key] ?? DEFAULTS.disk[key], path: [...at.path, key] });
  return {
    bytesPerMs: perMs(decoding, at, "bandwidth"),
    capacityBytes: decoding.field(at, "capacity", (written) => decoding.quantity(BYTES, written, POSITIVE)) ?? NaN,
    logBytes: bytes("logPerRequest"),
    temporaryBytes: bytes("temporaryPerRequest"),
  };
};

const decodeStartup = (decoding: Decoding, at: At<StartupInput>, pool: PoolSpec): StartupSpec => {
  const ms = (key: "compile" | "warmup" | "drainTimeout"): number =>
    decoding.quantity(DURATION, { value: at.value[key] ?? DEFAULTS.startup[key], path: [...at.path, key] });
  return {
    pullMs: decoding.field(at, "imagePull", (pull) => decodePull(decoding, pull)) ?? 0,
    loadMs: loadMs(decoding, at, pool),
    warmMs: ms("compile") + ms("warmup"),
    drainTimeoutMs: ms("drainTimeout"),
  };
};

const decodePull = (decoding: Decoding, { value, path }: At<NonNullable<StartupInput["imagePull"]>>): number => {
  if (value.time !== undefined) return decoding.quantity(DURATION, { value: value.time, path: [...path, "time"] });
  const download = { value: value.download, path: [...path, "download"] };
  const size = decoding.quantity(BYTES, { value: download.value.size, path: [...download.path, "size"] });
  return size / perMs(decoding, download, "bandwidth");
};

const loadMs = (decoding: Decoding, at: At<StartupInput>, pool: PoolSpec): number => {
  if (at.value.weightBandwidth === undefined) return 0;
  const known = pool.memory === undefined ? undefined : pool.memory.weightBytes * pool.gpusPerReplica;
  const size = decoding.number(at, "weightSize", known ?? NaN, (written) => decoding.quantity(BYTES, written));
  if (known === undefined && at.value.weightSize === undefined) {
    decoding.reject({
      path: [...at.path, "weightSize"],
      constraint: "is missing",
      hint: `"${pool.gpu}" or "${pool.model}" is not in the catalog, or does not fit`,
    });
  }
  return size / perMs(decoding, at, "weightBandwidth");
};

const perMs = <K extends "bandwidth" | "weightBandwidth">(decoding: Decoding, at: At<{ readonly [P in K]?: string }>, key: K): number =>
  (decoding.field(at, key, (written) => decoding.quantity(BANDWIDTH, written as At<string>, POSITIVE)) ?? NaN) / 1000;

const checkInitial = (decoding: Decoding, at: At<PoolInput>, startup: StartupSpec | undefined): void => {
  const { initial } = at.value;
  if (initial === undefined) return;
  const path = [...at.path, "initial"];
  const replicas = at.value.replicas ?? DEFAULTS.pool.replicas;
  if (initial > replicas) {
    decoding.reject({
      path,
      constraint: `must be at most replicas, ${replicas}`,
      value: initial,
      hint: "replicas is the most that there can be",
    });
  } else if (startup === undefined && initial < replicas) {
    decoding.reject({
      path,
      constraint: "must be together with startup",
      value: initial,
      hint: 'say how the others start, as startup: { compile: "40s" }',
    });
  }
};
