import type { StepCoefficients } from "../ServingSpec.ts";
import { ExpertTime } from "./ExpertTime.ts";
import type { StepLoad, StepModel } from "./StepModel.ts";

/** Step times by coefficients, off the time grid; `slowdown` multiplies every term. */
export class StepForm implements StepModel {
  /** ms per KV token of a decoding sequence. */
  declare readonly kvMs: number;
  /** Further ms per KV token when the step also carries prefill. */
  declare readonly mixedKvMs: number;
  /** ms per unit of p * (2 * context + p). */
  declare readonly attentionMs: number;
  declare private readonly perStepMs: number;
  declare private readonly perSequenceMs: number;
  declare private readonly perPrefillTokenMs: number;
  declare private readonly floorMs: number;
  declare private readonly rowMs: number;
  private readonly experts: ExpertTime | undefined;
  declare private readonly isAffine: boolean;

  constructor(coefficients: StepCoefficients, slowdown = 1) {
    const { experts } = coefficients;
    this.perStepMs = coefficients.a * slowdown;
    this.perSequenceMs = coefficients.b * slowdown;
    this.perPrefillTokenMs = coefficients.d * slowdown;
    this.kvMs = coefficients.c * slowdown;
    this.mixedKvMs = coefficients.h * slowdown;
    this.attentionMs = (coefficients.e / 2) * slowdown;
    this.floorMs = (coefficients.floorMs ?? 0) * slowdown;
    this.rowMs = (coefficients.rowMs ?? 0) * slowdown;
    this.experts = experts === undefined ? undefined : new ExpertTime(experts, slowdown);
    this.isAffine = this.experts === undefined && this.floorMs === 0 && this.rowMs === 0;
  }

  /**
   * The part that depends on the numbers of sequences and prefill tokens alone; `rows` are those of the decode part, `rankRows` those of the mean
   * data-parallel rank.
   */
  constantMs(sequences: number, prefillTokens: number, rows = sequences, rankRows = rows + prefillTokens): number {
    const affineMs = this.perStepMs + this.perSequenceMs * sequences + this.perPrefillTokenMs * prefillTokens;
    return this.isAffine ? affineMs : affineMs + this.weightsMs(rows + prefillTokens, rankRows);
  }

  stepMs(load: StepLoad): number {
    const kvMs = load.prefillTokens > 0 ? this.kvMs + this.mixedKvMs : this.kvMs;
    const constantMs = this.constantMs(load.sequences, load.prefillTokens, load.rows, load.rankRows);
    return constantMs + kvMs * load.kvTokens + this.attentionMs * load.attention;
  }

  private weightsMs(rows: number, rankRows: number): number {
    const denseMs = Math.max(this.floorMs, this.rowMs * rows);
    return this.experts === undefined ? denseMs : denseMs + this.experts.of(rows, rankRows);
  }
}
