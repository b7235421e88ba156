import type { Result } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { span, wrapWords } from "./Line.ts";
import { sectionHeading } from "./sectionHeading.ts";

/** What makes the result less trustworthy than it looks. */
export const warningSection = ({ warnings }: Result, width: number): ReadonlyArray<Line> =>
  warnings.length === 0
    ? []
    : [
        sectionHeading("warnings", "", width),
        ...warnings.flatMap((warning) =>
          wrapWords({
            head: [span("  ! ", "fair")],
            text: printable(warning),
            style: "plain",
            width,
          }),
        ),
      ];
