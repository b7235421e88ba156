import type { Errors } from "../../../src/serving/calibration/Errors.ts";
import { errorsOf } from "../../../src/serving/calibration/Errors.ts";
import type { SiliconPoint } from "./SiliconPoint.ts";

/** How much two measurements of the same model, GPUs, engine and load differ, relative to the smaller; other versions and dates, as the data have them. */
export const scatterOf = (
  points: ReadonlyArray<SiliconPoint>,
): { readonly count: number; readonly tpot: Errors; readonly ttft: Errors } => {
  const pairs = [...Map.groupBy(points, keyOf).values()].flatMap((same) =>
    same.flatMap((one, i) =>
      same.slice(i + 1).flatMap((other) => (one.tpotMs === other.tpotMs && one.ttftMs === other.ttftMs ? [] : [[one, other] as const])),
    ),
  );
  const differences = (of: (point: SiliconPoint) => number): Errors =>
    errorsOf(pairs.map(([one, other]) => Math.max(of(one), of(other)) / Math.min(of(one), of(other)) - 1));
  return { count: pairs.length, tpot: differences(({ tpotMs }) => tpotMs), ttft: differences(({ ttftMs }) => ttftMs) };
};

const keyOf = ({ group, family, load }: SiliconPoint): string =>
  `${group.replace(/^DeepSeek-(?:V3|R1)/u, family)} ${load.inputTokens} ${load.outputTokens} ${load.concurrency}`;
