import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";

/** Who shares one limit: everybody, a traffic class, or a tenant. */
export type SharedPer = "all" | "class" | "tenant";

/** What `open` makes for each class, by its number; classes that share a key have the same object. */
export const sharedByKey = <T>(per: SharedPer, classes: ReadonlyArray<TrafficClassSpec>, open: () => T): ReadonlyArray<T> => {
  const shared = new Map<string, T>();
  return classes.map((spec) => {
    const key = per === "all" ? "" : per === "class" ? spec.name : spec.tenant;
    if (!shared.has(key)) shared.set(key, open());
    return shared.get(key)!;
  });
};
