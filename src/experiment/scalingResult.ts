import type { PoolResult, ScalingResult } from "../metric/Result.ts";
import type { Replication } from "./runReplication.ts";

/** How the number of replicas of a pool went; empty for a pool whose replicas are always on. */
export const scalingResult = (pool: number, runs: ReadonlyArray<Replication>): Pick<PoolResult, "scaling"> => {
  const measured = runs.flatMap(({ fleet, simulatedMs }) => {
    const counts = fleet.lifecycle?.counts(pool);
    return counts === undefined ? [] : [{ counts, simulatedMs }];
  });
  if (measured.length === 0) return {};
  const mean = (of: (one: (typeof measured)[number]) => number): number =>
    measured.reduce((sum, one) => sum + of(one), 0) / measured.length;
  const events = runs.map(({ fleet, scaling }) => scaling.events.filter((event) => event.pool === fleet.pools[pool]!.name));
  const scaling: ScalingResult = {
    ready: {
      min: Math.min(...measured.map(({ counts }) => counts.minReady)),
      mean: mean(({ counts, simulatedMs }) => counts.ready.mean(simulatedMs)),
      max: Math.max(...measured.map(({ counts }) => counts.ready.max)),
    },
    booting: {
      mean: mean(({ counts, simulatedMs }) => counts.booting.mean(simulatedMs)),
      max: Math.max(...measured.map(({ counts }) => counts.booting.max)),
    },
    scaleUps: events.flat().filter(({ from, to }) => to > from).length,
    scaleDowns: events.flat().filter(({ from, to }) => to < from).length,
    events: events[0]!.map(({ atMs, from, to }) => ({ atMs, from, to })),
  };
  return { scaling };
};
