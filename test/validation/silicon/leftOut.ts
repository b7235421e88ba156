import type { RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";
import { fitRoofline } from "./fitRoofline.ts";
import type { RooflineValues } from "./fitRoofline.ts";
import { factorsOf } from "./RooflineUnknowns.ts";
import type { SiliconPoint } from "./SiliconPoint.ts";

const ITERATIONS = 40;

/** For each family of the points, factors that were fitted to all points but its own; `from` is where those fits start. */
export const leftOutFactors = (
  points: ReadonlyArray<SiliconPoint>,
  all: ReadonlyArray<SiliconPoint>,
  from: RooflineValues,
): ReadonlyMap<string, RooflineFactors> =>
  new Map(
    [...new Set(points.map(({ family }) => family))].map((family) => [
      family,
      factorsOf(
        fitRoofline(
          all.filter((point) => point.family !== family),
          from,
          ITERATIONS,
        ),
      ),
    ]),
  );
