import { exponential, fixed, gamma, gammaFromMeanAndCv, weibullFromMeanAndCv } from "../kernel/Sampler.ts";
import type { Sampler, UnitSource } from "../kernel/Sampler.ts";

/** How the gaps of a renewal process vary; `cv` is their coefficient of variation. */
export type GapSpec =
  | { readonly kind: "poisson" }
  | { readonly kind: "gamma"; readonly cv: number }
  | { readonly kind: "weibull"; readonly cv: number }
  | { readonly kind: "deterministic" };

/**
 * The gaps of a renewal process of unit rate. Poisson, gamma and Weibull processes are in equilibrium at time 0: the first
 * gap is what is left of a gap that time 0 fell into, so that the expected number of arrivals up to t is exactly t. The
 * deterministic process has its first arrival after one full gap.
 *
 * Source: D. R. Cox, "Renewal Theory" (1962), section 2.2 and 4.2 (equilibrium renewal process).
 */
export class RenewalGaps {
  declare private readonly gaps: Sampler;
  declare private readonly firstGap: (source: UnitSource) => number;
  private first = true;

  /** Throws RangeError for a coefficient of variation that the distribution cannot have. */
  constructor(spec: GapSpec) {
    this.gaps = gapsOf(spec);
    this.firstGap = firstGapOf(spec, this.gaps);
  }

  next(source: UnitSource): number {
    if (!this.first) return this.gaps.sample(source);
    this.first = false;
    return this.firstGap(source);
  }
}

const gapsOf = (spec: GapSpec): Sampler => {
  switch (spec.kind) {
    case "poisson":
      return exponential(1);
    case "deterministic":
      return fixed(1);
    case "gamma":
      return gammaFromMeanAndCv(1, spec.cv);
    case "weibull":
      return weibullFromMeanAndCv(1, spec.cv);
  }
};

/** A uniform share of a gap that was found in proportion to its length. */
const firstGapOf = (spec: GapSpec, gaps: Sampler): ((source: UnitSource) => number) => {
  const longer = lengthBiased(spec, gaps);
  return longer === undefined ? (source) => gaps.sample(source) : (source) => source.unit() * longer(source);
};

/** Gaps weighted by their length; undefined where the first gap is like all others. */
const lengthBiased = (spec: GapSpec, gaps: Sampler): ((source: UnitSource) => number) | undefined => {
  if (spec.kind === "poisson" || spec.kind === "deterministic" || spec.cv === 0) return undefined;
  if (spec.kind === "gamma") {
    const shape = 1 / (spec.cv * spec.cv);
    const biased = gamma(shape + 1, 1 / shape);
    return (source) => biased.sample(source);
  }
  // With x = scale * y^(1/shape) and y exponential, weighting by x makes y a gamma variable of shape 1 + 1/shape. A Weibull
  // value is drawn by inversion, and so -ln u = 1 gives the scale, -ln u = e the shape.
  const scale = gaps.sample({ unit: () => Math.exp(-1) });
  const power = Math.log(gaps.sample({ unit: () => Math.exp(-Math.E) }) / scale);
  const y = gamma(1 + power, 1);
  return (source) => scale * Math.pow(y.sample(source), power);
};
