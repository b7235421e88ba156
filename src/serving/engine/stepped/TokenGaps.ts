import type { Histogram } from "../../../kernel/Histogram.ts";

/** Records gaps between tokens by class. Sequences of one batch mostly have one and the same gap, which is then recorded once. */
export class TokenGaps {
  histograms: ReadonlyArray<Histogram> | undefined;
  declare private readonly gapMs: Float64Array;
  declare private readonly weight: Int32Array;

  constructor(classes: number) {
    this.gapMs = new Float64Array(classes);
    this.weight = new Int32Array(classes);
  }

  /** `weight` gaps of this length. */
  add(classIndex: number, gapMs: number, weight: number): void {
    if (this.weight[classIndex]! > 0 && this.gapMs[classIndex] !== gapMs) this.write(classIndex);
    this.gapMs[classIndex] = gapMs;
    this.weight[classIndex]! += weight;
  }

  /** Writes what has been gathered. */
  flush(): void {
    for (let i = 0; i < this.weight.length; i++) if (this.weight[i]! > 0) this.write(i);
  }

  private write(classIndex: number): void {
    this.histograms?.[classIndex]?.record(this.gapMs[classIndex]!, this.weight[classIndex]!);
    this.weight[classIndex] = 0;
  }
}
