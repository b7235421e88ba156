import type { StepForm } from "../steptime/StepForm.ts";
import type { StepLoad } from "../steptime/StepModel.ts";
import type { ClosedLoopLoad } from "./ClosedLoopLoad.ts";
import { ClosedLoopRun } from "./ClosedLoopRun.ts";
import type { StepBin } from "./StepBins.ts";

/**
 * The steps of a closed loop with their shares in its means. Nothing in a closed loop happens but at the end of a step, so which steps there are
 * does not depend on how long they take: they are found once, and the means of any step time are then weighted sums.
 */
export class ClosedLoopSteps {
  declare private readonly tpot: ReadonlyArray<StepBin>;
  declare private readonly ttft: ReadonlyArray<StepBin>;

  constructor(load: ClosedLoopLoad) {
    const { tpot, ttft } = new ClosedLoopRun(load).bins();
    this.tpot = tpot;
    this.ttft = ttft;
  }

  /** Means over all requests, in ms. */
  means(form: StepForm): { readonly ttftMs: number; readonly tpotMs: number } {
    return { ttftMs: sumOf(this.ttft, form), tpotMs: sumOf(this.tpot, form) };
  }
}

const LOAD: StepLoad = { sequences: 0, rows: 0, kvTokens: 0, prefillTokens: 0, attention: 0, prefillContext: 0, chunks: 0 };

const sumOf = (bins: ReadonlyArray<StepBin>, form: StepForm): number => {
  let sum = 0;
  for (const bin of bins) {
    LOAD.sequences = LOAD.rows = bin.sequences;
    LOAD.kvTokens = bin.kvTokens;
    LOAD.prefillTokens = bin.prefillTokens;
    LOAD.attention = bin.attention;
    sum += bin.weight * form.stepMs(LOAD);
  }
  return sum;
};
