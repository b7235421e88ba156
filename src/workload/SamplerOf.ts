import {
  boundedPareto,
  exponential,
  fixed,
  gammaFromMeanAndCv,
  geometric,
  lognormalFromMeanAndP99,
  mixture,
  quantileTable,
  uniform,
  weibullFromMeanAndCv,
} from "../kernel/Sampler.ts";
import type { Sampler, UnitSource } from "../kernel/Sampler.ts";
import type { SamplerSpec } from "./TrafficSpec.ts";

/** The sampler that a specification describes. Throws RangeError for parameters that no such distribution has. */
export const samplerOf = (spec: SamplerSpec): Sampler => {
  switch (spec.kind) {
    case "fixed":
      return fixed(spec.value);
    case "uniform":
      return spec.min === spec.max ? fixed(spec.min) : uniform(spec.min, spec.max);
    case "exponential":
      return exponential(spec.mean);
    case "geometric":
      return geometric(spec.mean);
    case "lognormal":
      return spec.p99 === spec.mean ? fixed(spec.mean) : lognormalFromMeanAndP99(spec.mean, spec.p99);
    case "gamma":
      return gammaFromMeanAndCv(spec.mean, spec.cv);
    case "weibull":
      return weibullFromMeanAndCv(spec.mean, spec.cv);
    case "pareto":
      return boundedPareto(spec.alpha, spec.min, spec.max);
    case "quantiles":
      return quantileTable(spec.points);
    case "mixture":
      return mixture(spec.parts.map(({ shareRatio, of }) => ({ weight: shareRatio, of: samplerOf(of) })));
  }
};

/** No request has more tokens than this. */
export const MAX_TOKENS = 2 ** 30;

/** A token count: the nearest integer, at least 1, at most 2^30. */
export const toTokens = (value: number): number => {
  const rounded = Math.round(value);
  return rounded >= 1 ? Math.min(rounded, MAX_TOKENS) : 1;
};

/** One draw, rounded to a token count. */
export const drawTokens = (sampler: Sampler, source: UnitSource): number => toTokens(sampler.sample(source));
