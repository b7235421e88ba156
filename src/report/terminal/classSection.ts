import { showNumber, showRatio } from "../../experiment/showQuantity.ts";
import type { ClassResult, Result } from "../../metric/Result.ts";
import { distributionTable } from "./distributionTable.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";
import { sectionHeading } from "./sectionHeading.ts";
import { trafficBlock } from "./trafficBlock.ts";

/** What the users of one traffic class got. */
export const classSection = (of: ClassResult, width: number): ReadonlyArray<Line> => [
  sectionHeading(printable(of.name), `tenant ${printable(of.tenant)} · priority ${of.priority}`, width),
  ...trafficBlock(of, width),
  ...(of.requests === 0 ? [] : distributionTable(of, width)),
  ...tokens(of, width),
];

/** All classes together; needless where there is only one. */
export const totalSection = ({ total, classes }: Result, width: number): ReadonlyArray<Line> => {
  const attempts = classes.reduce((sum, of) => sum + of.attempts, 0);
  return classes.length < 2 ? [] : [sectionHeading("all classes", "", width), ...trafficBlock({ ...total, attempts }, width)];
};

const tokens = ({ tokens: of }: ClassResult, width: number): ReadonlyArray<Line> => {
  if (of.prompt + of.output + of.wasted === 0) return [];
  const generated = of.output + of.wasted;
  const items: ReadonlyArray<Line> = [
    [
      span("prompt ", "faint"),
      span(showNumber(of.prompt)),
      span(of.cachedPrompt > 0 ? ` (${showRatio(of.cachedPrompt / of.prompt)} cached)` : "", "faint"),
    ],
    [span("output ", "faint"), span(showNumber(of.output))],
    ...(of.wasted > 0
      ? [
          [
            span("generated for nobody ", "faint"),
            span(showNumber(of.wasted), "fair"),
            span(` (${showRatio(of.wasted / generated)})`, "faint"),
          ],
        ]
      : []),
  ];
  return flow({ head: [span("  tokens      ")], items, gap: 3, width });
};
