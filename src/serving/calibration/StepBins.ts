/** Steps of about the same size, with the means of what they do. */
export interface StepBin {
  weight: number;
  sequences: number;
  prefillTokens: number;
  kvTokens: number;
  attention: number;
}

/** Bins per factor e, in sequences and in prefill tokens: a bin is 6 % wide. */
const RESOLUTION = 16;
const STRIDE = 1024;

/**
 * Adds steps up by their size. Sums over the bins are exact for step times that are linear in what a step does; where the larger of reading
 * and computing decides, a bin's mean stands for its steps.
 */
export class StepBins {
  private readonly bins = new Map<number, StepBin>();

  /** `kvTokens` and `attention` are means over the steps that the weight stands for. */
  add(weight: number, step: Omit<StepBin, "weight">): void {
    if (weight <= 0) return;
    const key = STRIDE * placeOf(step.sequences) + placeOf(step.prefillTokens);
    const bin = this.bins.get(key);
    if (bin === undefined) {
      this.bins.set(key, { weight, ...step });
      return;
    }
    bin.weight += weight;
    const share = weight / bin.weight;
    bin.sequences += share * (step.sequences - bin.sequences);
    bin.prefillTokens += share * (step.prefillTokens - bin.prefillTokens);
    bin.kvTokens += share * (step.kvTokens - bin.kvTokens);
    bin.attention += share * (step.attention - bin.attention);
  }

  all(): ReadonlyArray<StepBin> {
    return [...this.bins.values()];
  }
}

/** Logarithms may differ between machines in the last bit: at a bin's edge that moves a step to the neighbor, which changes no linear sum. */
const placeOf = (size: number): number => Math.round(RESOLUTION * Math.log(size + 1));
