import type { PoolSpec } from "../../serving/ServingSpec.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { At, Decoding } from "./Decoding.ts";

const HOUR_MS = 3_600_000;

/** Starts the schedules that do not say when at the hour at which diurnal traffic starts. */
export const alignSchedules = (
  decoding: Decoding,
  at: At<ScenarioInput>,
  parts: { readonly fleet: ReadonlyArray<PoolSpec>; readonly traffic: ReadonlyArray<TrafficClassSpec> },
): ReadonlyArray<PoolSpec> => {
  const hours = [...new Set(parts.traffic.flatMap(startHours))];
  return parts.fleet.map((pool) => {
    const { autoscale } = pool;
    if (autoscale?.scheduled === undefined || at.value.fleet[pool.name]?.autoscale?.startHour !== undefined) return pool;
    if (hours.length > 1) {
      const path = ["fleet", pool.name, "autoscale", "startHour"];
      decoding.reject({ path, constraint: "is missing", hint: `traffic starts at different hours: ${hours.join(", ")}` });
    }
    const weekOffsetMs = autoscale.scheduled.weekOffsetMs + (hours[0] ?? 0) * HOUR_MS;
    return { ...pool, autoscale: { ...autoscale, scheduled: { ...autoscale.scheduled, weekOffsetMs } } };
  });
};

const startHours = ({ arrivals }: TrafficClassSpec): ReadonlyArray<number> =>
  arrivals !== undefined && "rate" in arrivals && arrivals.rate.kind === "diurnal" ? [arrivals.rate.startHour] : [];
