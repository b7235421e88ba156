import type { ReplicaUse } from "../metric/ReplicaUse.ts";
import { csvText } from "./CsvText.ts";
import { roundedMeasure, roundedTime } from "./Rounded.ts";

const MEASURES: ReadonlyArray<readonly [string, (use: ReplicaUse) => number | null]> = [
  ["utilization", ({ utilization }) => utilization],
  ["gpuBusyRatio", ({ resources }) => resources.gpu.busyRatio],
  ["gpuMemoryRatio", ({ resources }) => resources.gpuMemory?.usedRatio ?? null],
  ["kvMeanRatio", ({ kv }) => kv?.meanRatio ?? null],
  ["kvMaxRatio", ({ kv }) => kv?.maxRatio ?? null],
  ["engineCoreRatio", ({ resources }) => resources.cpu.engineCoreRatio],
  ["frontendRatio", ({ resources }) => resources.cpu.frontendRatio],
  ["networkInRatio", ({ resources }) => resources.network?.inRatio ?? null],
  ["networkOutRatio", ({ resources }) => resources.network?.outRatio ?? null],
  ["diskWriteRatio", ({ resources }) => resources.disk?.writeRatio ?? null],
  ["diskUsedRatio", ({ resources: { disk } }) => (disk === null ? null : disk.maxUsedBytes / disk.capacityBytes)],
  ["diskRefused", ({ resources }) => resources.disk?.refused ?? null],
  ["kvLinkRatio", ({ resources }) => resources.kvLinkRatio],
  ["waitingMean", ({ waiting }) => waiting.mean],
  ["waitingMax", ({ waiting }) => waiting.max],
  ["batchMean", ({ batch }) => batch.mean],
  ["batchMax", ({ batch }) => batch.max],
];

/** `replicas.csv`: one row per replica; what is not modeled is an empty field. `bottleneck` is what it used most of. */
export const replicasCsv = (replicas: ReadonlyArray<ReplicaUse>): string =>
  csvText(
    ["replica", "rentedMs", ...MEASURES.map(([name]) => name), "bottleneck"],
    replicas.map((use) => [
      use.name,
      roundedTime(use.rentedMs),
      ...MEASURES.map(([, of]) => {
        const value = of(use);
        return value === null ? null : roundedMeasure(value);
      }),
      use.resources.bottleneck?.resource ?? null,
    ]),
  );
