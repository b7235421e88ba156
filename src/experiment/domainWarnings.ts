import type { ReplicaMeter } from "../serving/engine/ReplicaMeter.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";
import { StepTable } from "../serving/steptime/StepTable.ts";

/** What a run did outside of the bounds within which its step times were measured or fitted. */
export const domainWarnings = (pool: PoolSpec, meters: ReadonlyArray<ReplicaMeter>): Array<string> => {
  const most = (of: (meter: ReplicaMeter) => number): number => Math.max(0, ...meters.map(of));
  const { stepDomain: domain, engine } = pool;
  const table = engine.stepTable instanceof StepTable && engine.stepTable.outside > 0 ? [tableText(engine.stepTable)] : [];
  if (domain === undefined) return table;
  const drafted = engine.scheduling?.speculative?.tokens ?? 0;
  const bounds = [
    {
      what: drafted > 0 ? "sequences and drafted tokens in a step" : "sequences in a step",
      reached: most((meter) => meter.maxBatch) * (1 + drafted),
      fitted: domain.maxSequences,
    },
    { what: "KV tokens", reached: most((meter) => meter.maxBlocks) * engine.blockTokens, fitted: domain.maxKvTokens },
  ];
  const left = bounds
    .filter(({ reached, fitted }) => reached > fitted)
    .map(
      ({ what, reached, fitted }) =>
        `the run reached ${reached} ${what}, step times are fitted up to ${fitted}: beyond they are extrapolated`,
    );
  return [...table, ...left];
};

const tableText = ({ outside, lookups }: StepTable): string =>
  `${((100 * outside) / lookups).toFixed(1)} % of the steps lay outside of the measured table: they are extrapolated`;
