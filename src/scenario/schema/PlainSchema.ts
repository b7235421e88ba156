import * as Schema from "effect/Schema";

interface Options<T> {
  readonly default?: T;
  readonly examples?: ReadonlyArray<T>;
}

const annotations = <T>(description: string, options: Options<T>) => ({ description, ...options }) as { readonly description: string };

/** A plain number that is above 0. */
export const positive = (description: string, options: Options<number> = {}): Schema.Codec<number> =>
  Schema.Finite.check(Schema.isGreaterThan(0)).annotate(annotations(description, options)) as unknown as Schema.Codec<number>;

/** A plain number of at least `minimum`. */
export const atLeast = (minimum: number, description: string, options: Options<number> = {}): Schema.Codec<number> =>
  Schema.Finite.check(Schema.isGreaterThanOrEqualTo(minimum)).annotate(
    annotations(description, options),
  ) as unknown as Schema.Codec<number>;

/** A plain number between bounds, both included. */
export const between = (
  bounds: { readonly minimum: number; readonly maximum: number },
  description: string,
  options: Options<number> = {},
): Schema.Codec<number> =>
  Schema.Finite.check(Schema.isBetween(bounds)).annotate(annotations(description, options)) as unknown as Schema.Codec<number>;

/** Coefficients of variation for which gamma and Weibull distributions can be drawn without loss of precision; assumed. */
export const CV_BOUNDS = { minimum: 0.001, maximum: 100 };

/** An integer between bounds, both included. */
export const integer = (
  bounds: { readonly minimum: number; readonly maximum: number },
  description: string,
  options: Options<number> = {},
): Schema.Codec<number> =>
  Schema.Int.check(Schema.isBetween(bounds)).annotate(annotations(description, options)) as unknown as Schema.Codec<number>;

/** Yes or no. */
export const flag = (description: string, options: Options<boolean> = {}): Schema.Codec<boolean> =>
  Schema.Boolean.annotate(annotations(description, options)) as unknown as Schema.Codec<boolean>;

/** A text that is not empty. */
export const text = (description: string, options: Options<string> = {}): Schema.Codec<string> =>
  Schema.NonEmptyString.annotate(annotations(description, options)) as unknown as Schema.Codec<string>;

/** One of a few words. */
export const word = <const W extends string>(
  words: ReadonlyArray<W>,
  description: string,
  options: { readonly default?: W } = {},
): Schema.Codec<W> => Schema.Literals(words as never).annotate(annotations(description, options)) as unknown as Schema.Codec<W>;

/** What names of traffic classes and pools look like: they appear in gates, `--set` paths and file names. */
export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]*$/u;

/** What the names of scenarios look like: they are names of folders too. */
export const SCENARIO_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/u;

/** A mapping of at least one name to its description. */
export const named = <T>(member: Schema.Codec<T>, description: string): Schema.Codec<{ readonly [name: string]: T }> =>
  Schema.Record(Schema.String, member)
    .check(Schema.isMinProperties(1), Schema.isPropertyNames(Schema.String.check(Schema.isPattern(NAME_PATTERN))))
    .annotate({ description }) as unknown as Schema.Codec<{ readonly [name: string]: T }>;
