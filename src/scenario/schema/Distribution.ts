import * as Schema from "effect/Schema";
import type { OneKey } from "./oneKey.ts";
import { oneKey } from "./oneKey.ts";
import { atLeast, between, CV_BOUNDS } from "./PlainSchema.ts";
import type { ShareInput } from "./Quantities.ts";
import { share } from "./Quantities.ts";

/** A distribution of quantities that are written as Q; Q alone is a fixed value. */
export type DistributionInput<Q> = Q | OneKey<DistributionMembers<Q>>;

interface DistributionMembers<Q> {
  readonly fixed: Q;
  readonly uniform: readonly [Q, Q];
  readonly exponential: { readonly mean: Q };
  readonly geometric: { readonly mean: Q };
  readonly lognormal: { readonly mean: Q; readonly p99: Q };
  readonly gamma: { readonly mean: Q; readonly cv: number };
  readonly weibull: { readonly mean: Q; readonly cv: number };
  readonly pareto: { readonly alpha: number; readonly min: Q; readonly max: Q };
  readonly quantiles: { readonly [percentile: `p${number}`]: Q };
  readonly mixture: ReadonlyArray<{
    readonly share: ShareInput;
    readonly of: DistributionInput<Q>;
  }>;
}

/** What the keys of a quantile table look like: p0, p50, p99.9, p100. */
export const PERCENTILE_PATTERN = /^p(?:100|[0-9]{1,2}(?:\.[0-9]{1,6})?)$/u;

const described = <T>(member: Schema.Codec<T>, description: string): Schema.Codec<T> => member.annotate({ description });

const shape = () =>
  between(CV_BOUNDS, "Coefficient of variation: standard deviation over mean. 1 is as variable as an exponential distribution.");

const quantiles = <Q>(quantity: (description: string) => Schema.Codec<Q>): Schema.Codec<{ readonly [percentile: `p${number}`]: Q }> =>
  Schema.Record(Schema.String, quantity("Value at this percentile"))
    .check(Schema.isMinProperties(2), Schema.isPropertyNames(Schema.String.check(Schema.isPattern(PERCENTILE_PATTERN))))
    .annotate({
      description: "Measured percentiles, from p0 to p100; linear between them.",
    }) as never;

const mixture = <Q>(self: () => Schema.Codec<DistributionInput<Q>>) =>
  described(
    Schema.Array(
      Schema.Struct({
        share: share("Share of the draws that come from this part; the shares sum to 100%"),
        of: Schema.suspend(self),
      }),
    ).check(Schema.isMinLength(1)) as Schema.Codec<DistributionMembers<Q>["mixture"]>,
    "Draws from one of several distributions.",
  );

const membersOf = <Q>(quantity: (description: string) => Schema.Codec<Q>, self: () => Schema.Codec<DistributionInput<Q>>) => ({
  fixed: quantity("Always this value"),
  uniform: described(
    Schema.Tuple([quantity("Smallest value"), quantity("Largest value")]) as Schema.Codec<readonly [Q, Q]>,
    "Evenly between two values.",
  ),
  exponential: Schema.Struct({ mean: quantity("Mean") }),
  geometric: Schema.Struct({ mean: quantity("Mean, at least 1") }),
  lognormal: Schema.Struct({
    mean: quantity("Mean"),
    p99: quantity("99th percentile; at most 14.9 times the mean"),
  }),
  gamma: Schema.Struct({ mean: quantity("Mean"), cv: shape() }),
  weibull: Schema.Struct({ mean: quantity("Mean"), cv: shape() }),
  pareto: Schema.Struct({
    alpha: atLeast(0.01, "Tail exponent; the smaller, the heavier the tail."),
    min: quantity("Smallest value"),
    max: quantity("Largest value"),
  }),
  quantiles: quantiles(quantity),
  mixture: mixture(self),
});

/** The schema of a distribution whose values are written as `quantity`. */
export const distribution = <Q>(definition: {
  readonly identifier: string;
  readonly description: string;
  readonly quantity: (description: string) => Schema.Codec<Q>;
  readonly examples: ReadonlyArray<DistributionInput<Q>>;
}): Schema.Codec<DistributionInput<Q>> => {
  const { identifier, description, quantity, examples } = definition;
  const self: Schema.Codec<DistributionInput<Q>> = Schema.Union([
    quantity("A fixed value"),
    oneKey<DistributionMembers<Q> & { readonly [key: string]: unknown }>(membersOf(quantity, () => self) as never),
  ]).annotate({ identifier, description, examples } as never) as never;
  return self;
};
