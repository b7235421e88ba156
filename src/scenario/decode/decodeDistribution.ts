import type { SamplerSpec } from "../../workload/TrafficSpec.ts";
import type { QuantityKind } from "../../units/Quantity.ts";
import { SHARE } from "../../units/Share.ts";
import { scaleDecimal } from "../../units/Decimal.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import type { DistributionInput } from "../schema/Distribution.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";

/** What the values of a distribution are. */
export interface Domain {
  readonly kind: QuantityKind<number>;
  /** The least value that makes sense. */
  readonly minimum: number;
  /** Whether values are whole numbers. */
  readonly discrete: boolean;
}

export const LENGTHS: Domain = { kind: TOKENS, minimum: 1, discrete: true };
export const TURNS: Domain = { kind: COUNT, minimum: 1, discrete: true };
export const DURATIONS: Domain = { kind: DURATION, minimum: 0, discrete: false };

type Written = string | number;
type Members = Exclude<DistributionInput<Written>, Written>;

/** The largest ratio of p99 to mean that a lognormal distribution has: exp(z^2 / 2) with z the 99 % point of the normal distribution, 2.3263. */
const LARGEST_P99_OVER_MEAN = 14.96;

/** Shares that people round may miss 100 % by this much. */
const SHARE_TOLERANCE = 1e-6;

/** Turns a written distribution into numbers and checks that it exists. */
export const decodeDistribution = (decoding: Decoding, at: At<DistributionInput<Written>>, domain: Domain): SamplerSpec => {
  const { value, path } = at;
  if (typeof value !== "object")
    return {
      kind: "fixed",
      value: decoding.quantity(domain.kind, { value, path }, { minimum: domain.minimum }),
    };
  return new Reader(decoding, domain).read(value, path);
};

/** Reads the members of one distribution. */
class Reader {
  declare private readonly decoding: Decoding;
  declare private readonly domain: Domain;

  constructor(decoding: Decoding, domain: Domain) {
    this.decoding = decoding;
    this.domain = domain;
  }

  read(value: Members, path: At<unknown>["path"]): SamplerSpec {
    const below = (key: string) => [...path, key];
    if (value.fixed !== undefined) return { kind: "fixed", value: this.least(value.fixed, below("fixed")) };
    if (value.uniform !== undefined) return this.uniform({ value: value.uniform, path: below("uniform") });
    if (value.exponential !== undefined)
      return {
        kind: "exponential",
        mean: this.mean({ value: value.exponential, path: below("exponential") }),
      };
    if (value.geometric !== undefined) return this.geometric({ value: value.geometric, path: below("geometric") });
    if (value.lognormal !== undefined) return this.lognormal({ value: value.lognormal, path: below("lognormal") });
    if (value.gamma !== undefined)
      return {
        kind: "gamma",
        mean: this.mean({ value: value.gamma, path: below("gamma") }),
        cv: value.gamma.cv,
      };
    if (value.weibull !== undefined) {
      return {
        kind: "weibull",
        mean: this.mean({ value: value.weibull, path: below("weibull") }),
        cv: value.weibull.cv,
      };
    }
    if (value.pareto !== undefined) return this.pareto({ value: value.pareto, path: below("pareto") });
    if (value.quantiles !== undefined) return this.quantiles({ value: value.quantiles, path: below("quantiles") });
    return this.mixture({ value: value.mixture, path: below("mixture") });
  }

  private number(value: Written, path: At<unknown>["path"], bounds: Bounds = {}): number {
    return this.decoding.quantity(this.domain.kind, { value, path }, bounds);
  }

  private least(value: Written, path: At<unknown>["path"]): number {
    return this.number(value, path, { minimum: this.domain.minimum });
  }

  private mean(at: At<{ readonly mean: Written }>): number {
    return this.number(at.value.mean, [...at.path, "mean"], this.domain.minimum > 0 ? { minimum: this.domain.minimum } : { above: 0 });
  }

  private uniform({ value, path }: At<readonly [Written, Written]>): SamplerSpec {
    const min = this.least(value[0], [...path, 0]);
    const max = this.least(value[1], [...path, 1]);
    if (min > max)
      this.decoding.reject({
        path,
        constraint: "must not fall",
        value,
        hint: "write the smaller value first",
      });
    return { kind: "uniform", min, max };
  }

  private geometric(at: At<{ readonly mean: Written }>): SamplerSpec {
    if (!this.domain.discrete) {
      this.decoding.reject({
        path: at.path,
        constraint: "must be of whole numbers",
        hint: "use exponential for durations",
        part: "key",
      });
    }
    return { kind: "geometric", mean: this.mean(at) };
  }

  private lognormal(at: At<{ readonly mean: Written; readonly p99: Written }>): SamplerSpec {
    const mean = this.mean(at);
    const path = [...at.path, "p99"];
    const p99 = this.number(at.value.p99, path);
    if (p99 <= mean || p99 > LARGEST_P99_OVER_MEAN * mean) {
      const hint = `the p99 of a lognormal is above its mean, and at most ${LARGEST_P99_OVER_MEAN} times the mean: use pareto or quantiles for a longer tail`;
      this.decoding.reject({
        path,
        constraint: `must be between 1 and ${LARGEST_P99_OVER_MEAN} times the mean`,
        value: at.value.p99,
        hint,
      });
    }
    return { kind: "lognormal", mean, p99 };
  }

  private pareto(at: At<{ readonly alpha: number; readonly min: Written; readonly max: Written }>): SamplerSpec {
    const min = this.number(at.value.min, [...at.path, "min"], this.domain.minimum > 0 ? { minimum: this.domain.minimum } : { above: 0 });
    const path = [...at.path, "max"];
    const max = this.number(at.value.max, path);
    if (min >= max) this.decoding.reject({ path, constraint: "must be above min", value: at.value.max });
    return { kind: "pareto", alpha: at.value.alpha, min, max };
  }

  private quantiles({ value, path }: At<{ readonly [percentile: string]: Written }>): SamplerSpec {
    const points = Object.entries(value)
      .map(([key, written]) => ({
        key,
        written,
        p: scaleDecimal(key.slice(1), { integer: 1, exponent: -2 }),
        value: this.least(written, [...path, key]),
      }))
      .toSorted((one, other) => one.p - other.p);
    for (const [needed, point] of [["p0", points[0]!] as const, ["p100", points.at(-1)!] as const]) {
      if (`p${point.p * 100}` !== needed) {
        this.decoding.reject({
          path: [...path, needed],
          constraint: "is missing",
          hint: `the ${needed === "p0" ? "smallest" : "largest"} value`,
        });
      }
    }
    points.slice(1).forEach((point, i) => {
      const before = points[i]!;
      if (point.p === before.p)
        this.decoding.reject({
          path: [...path, point.key],
          constraint: `must not repeat ${before.key}`,
          part: "key",
        });
      else if (point.value < before.value) {
        this.decoding.reject({
          path: [...path, point.key],
          constraint: `must not be below ${before.key}`,
          value: point.written,
        });
      }
    });
    return {
      kind: "quantiles",
      points: points.map((point) => ({ p: point.p, value: point.value })),
    };
  }

  private mixture({ value, path }: At<Exclude<Members["mixture"], undefined>>): SamplerSpec {
    const parts = value.map((part, i) => ({
      shareRatio: this.decoding.quantity(SHARE, { value: part.share, path: [...path, i, "share"] }),
      of: decodeDistribution(this.decoding, { value: part.of, path: [...path, i, "of"] }, this.domain),
    }));
    const sum = parts.reduce((total, part) => total + part.shareRatio, 0);
    if (Math.abs(sum - 1) > SHARE_TOLERANCE) {
      const constraint = "must have shares that sum to 100%";
      this.decoding.reject({
        path,
        constraint,
        value: SHARE.format(Number(sum.toPrecision(6))),
        hint: "change the shares, or add a part",
      });
    }
    return { kind: "mixture", parts };
  }
}
