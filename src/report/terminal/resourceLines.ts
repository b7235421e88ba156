import { showNumber, showRatio } from "../../experiment/showQuantity.ts";
import type { PoolResult } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";
import { showBytes } from "./showBytes.ts";

/** What a pool used of GPU, memory, CPU, network and disk, as far as modeled, and which of them was used most. */
export const resourceLines = (pool: PoolResult, width: number): ReadonlyArray<Line> => {
  const { gpu, gpuMemory, cpu, network, disk, kvLinkRatio, bottleneck } = pool.resources;
  const items: Array<Line> = [];
  const put = (title: string, text: string): void => void items.push([span(`${title} `, "faint"), span(text)]);
  if (gpu.busyRatio !== null) put("GPU busy", showRatio(gpu.busyRatio));
  if (gpuMemory !== null) {
    put(
      "GPU memory",
      `${showRatio(gpuMemory.usedRatio)} of ${showBytes(gpuMemory.totalBytes)} (weights ${showBytes(gpuMemory.weightBytes)}, KV ${showBytes(gpuMemory.kvBytes)})`,
    );
  }
  if (cpu.engineCoreRatio !== null) put("engine core", showRatio(cpu.engineCoreRatio));
  if (cpu.frontendRatio !== null) put("front end", showRatio(cpu.frontendRatio));
  if (network !== null) {
    put("network in", `${showBytes(network.inBytesPerSecond)}/s ${showRatio(network.inRatio)}`);
    put("out", `${showBytes(network.outBytesPerSecond)}/s ${showRatio(network.outRatio)}`);
  }
  if (disk !== null) {
    put("disk", `${showBytes(disk.maxUsedBytes)} of ${showBytes(disk.capacityBytes)}, writes ${showRatio(disk.writeRatio)}`);
    if (disk.refused > 0) put("refused, disk full", showNumber(disk.refused));
  }
  if (kvLinkRatio !== null) put("KV link", showRatio(kvLinkRatio));
  if (items.length === 0) return [];
  if (bottleneck !== null && items.length > 1) {
    items.push([
      span("most used: ", "faint"),
      span(`${bottleneck.resource} ${showRatio(bottleneck.ratio)}`, bottleneck.ratio > 0.95 ? "fair" : "strong"),
    ]);
  }
  return flow({ head: [span(`  ${printable(pool.name)}  `)], items, gap: 3, width });
};
