import { errorsOf, quantileOf } from "../../src/serving/calibration/Errors.ts";
import { fitRoofline, predictAll } from "./silicon/fitRoofline.ts";
import { leftOutFactors } from "./silicon/leftOut.ts";
import { factorsOf } from "./silicon/RooflineUnknowns.ts";
import { siliconPoints } from "./silicon/SiliconPoint.ts";

/**
 * Fits the factors of the roofline to closed-loop points and prints them, with errors in sample and with the predicted model left out.
 * Run: node test/validation/rooflineFit.ts
 */
const { scored, others } = siliconPoints();
const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
const median = (values: ReadonlyArray<number>): number =>
  quantileOf(
    values.toSorted((x, y) => x - y),
    0.5,
  );

const show = (title: string, predicted: ReturnType<typeof predictAll>, detailed: boolean): void => {
  const errors = scored.map((point, i) => ({
    group: point.group,
    tpot: predicted[i]!.tpotMs / point.tpotMs - 1,
    ttft: predicted[i]!.ttftMs / point.ttftMs - 1,
  }));
  const groups = [...Map.groupBy(errors, ({ group }) => group)].filter(([, of]) => of.length >= 5);
  const over = (of: ReadonlyArray<(typeof errors)[number]>, key: "tpot" | "ttft"): number => errorsOf(of.map((one) => one[key])).median;
  if (detailed)
    for (const [group, of] of groups.toSorted())
      console.log(
        `  ${group.padEnd(56)} ${String(of.length).padStart(3)}  TPOT ${percent(over(of, "tpot"))} (bias ${percent(median(of.map((one) => one.tpot)))})  ` +
          `TTFT ${percent(over(of, "ttft"))} (bias ${percent(median(of.map((one) => one.ttft)))})`,
      );
  const byGroup = (key: "tpot" | "ttft"): string => percent(median(groups.map(([, of]) => over(of, key))));
  console.log(
    `${title}: median of ${groups.length} groups TPOT ${byGroup("tpot")}, TTFT ${byGroup("ttft")}; ` +
      `over ${errors.length} points TPOT ${percent(over(errors, "tpot"))}, TTFT ${percent(over(errors, "ttft"))}`,
  );
};

const all = [...scored, ...others];
const values = fitRoofline(all);
console.log(JSON.stringify(factorsOf(values.map((value) => Number(value.toPrecision(3)))), null, 2));
show("in sample", predictAll(scored, factorsOf(values)), true);
const unseen = leftOutFactors(scored, all, values);
show(
  "predicted model left out",
  scored.map((point) => predictAll([point], unseen.get(point.family)!)[0]!),
  true,
);
