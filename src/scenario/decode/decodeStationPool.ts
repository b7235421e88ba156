import type { WindowSettings } from "../../policy/limiter/WindowSettings.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import type { StationSpec } from "../../serving/station/StationSpec.ts";
import { stationPool } from "../../serving/catalog/stationPool.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { PRICE } from "../../units/Money.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { Pool } from "../schema/Fleet.ts";
import { COUNTABLE, MOST_UNITS } from "./Countable.ts";
import { decodeDistribution, DURATIONS } from "./decodeDistribution.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type PoolInput = typeof Pool.Type;
type StationInput = NonNullable<PoolInput["station"]>;

/** What only GPU pools have. */
const GPU_KEYS = ["gpu", "model", "parallelism", "dtype", "engine"] as const;

/** A pool of stations. */
export const decodeStationPool = (decoding: Decoding, at: At<PoolInput>, name: string): PoolSpec => {
  const { value } = at;
  for (const key of GPU_KEYS) {
    if (!Object.hasOwn(value, key)) continue;
    decoding.reject({
      path: [...at.path, key],
      constraint: "must not be together with station",
      hint: "a station has no GPU",
      part: "key",
    });
  }
  return stationPool({
    name,
    station: decoding.group(at, "station", (station) => decodeStation(decoding, station)) ?? UNKNOWN,
    replicas: value.replicas ?? DEFAULTS.pool.replicas,
    weight: value.weight ?? DEFAULTS.pool.weight,
    backup: value.backup ?? DEFAULTS.pool.backup,
    usdPerHour: decoding.field(at, "price", (price) => decoding.quantity(PRICE, price)) ?? 0,
  });
};

/** In place of what cannot be read. */
const UNKNOWN: StationSpec = { servers: NaN, service: { kind: "fixed", value: NaN }, perInFlightMs: 0, failureRatio: 0, maxWaiting: NaN };

const decodeStation = (decoding: Decoding, at: At<StationInput>): StationSpec => {
  const bounded = (key: "servers" | "maxWaiting", minimum: number): number | undefined =>
    decoding.field(at, key, (written) => decoding.quantity(COUNT, written, { minimum, maximum: UNLIMITED, whole: true }));
  return present({
    servers: bounded("servers", 1) ?? Infinity,
    service: decoding.field(at, "service", (service) => decodeDistribution(decoding, service, DURATIONS)) ?? { kind: "fixed", value: 0 },
    perInFlightMs: decoding.field(at, "perInFlight", (written) => decoding.quantity(DURATION, written)) ?? 0,
    failureRatio: decoding.field(at, "failures", (written) => decoding.quantity(SHARE, written)) ?? 0,
    maxWaiting: bounded("maxWaiting", 0) ?? UNLIMITED,
    quota: decoding.group(at, "quota", (quota) => decodeQuota(decoding, quota)),
  });
};

const decodeQuota = (decoding: Decoding, at: At<NonNullable<StationInput["quota"]>>): WindowSettings => {
  const windowMs = decoding.number(at, "window", NaN, (written) =>
    decoding.quantity(DURATION, written, { ...COUNTABLE, maximum: MOST_UNITS / 1000 }),
  );
  const countable = Math.floor(MOST_UNITS / Math.round(windowMs * 1000));
  const bounds = { minimum: 1, maximum: countable < UNLIMITED ? countable : UNLIMITED, whole: true };
  return { limit: decoding.number(at, "limit", NaN, (written) => decoding.quantity(COUNT, written, bounds)), windowMs };
};
