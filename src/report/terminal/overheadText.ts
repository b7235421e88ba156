import { showDuration } from "../../experiment/showQuantity.ts";
import type { RequestOverhead } from "../../serving/machine/RequestOverhead.ts";

/** As "26.2ms and 2.16ms per 1,000 prompt tokens". */
export const overheadText = ({ perRequestMs, perPromptTokenMs }: RequestOverhead): string =>
  perPromptTokenMs === 0
    ? showDuration(perRequestMs)
    : `${perRequestMs === 0 ? "" : `${showDuration(perRequestMs)} and `}${showDuration(1000 * perPromptTokenMs)} per 1,000 prompt tokens`;
