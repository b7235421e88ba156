import * as Schema from "effect/Schema";
import type { BandwidthText } from "../../units/Bandwidth.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import type { BytesText } from "../../units/Bytes.ts";
import { BYTES } from "../../units/Bytes.ts";
import type { CountText } from "../../units/Count.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import type { DurationText } from "../../units/Duration.ts";
import { DURATION } from "../../units/Duration.ts";
import type { FlopRateText } from "../../units/FlopRate.ts";
import { FLOP_RATE } from "../../units/FlopRate.ts";
import type { PriceText } from "../../units/Money.ts";
import { PRICE } from "../../units/Money.ts";
import type { QuantityKind } from "../../units/Quantity.ts";
import type { RateText } from "../../units/Rate.ts";
import { RATE } from "../../units/Rate.ts";
import type { ShareText } from "../../units/Share.ts";
import { SHARE } from "../../units/Share.ts";

/** 512, "2k". */
export type CountInput = number | CountText;
/** 0.95, "95%". */
export type ShareInput = number | ShareText;

/** The kinds of quantities that a scenario holds; numbers of tokens are written as other numbers are. */
export const SCENARIO_QUANTITIES: ReadonlyArray<QuantityKind<number>> = [DURATION, RATE, COUNT, SHARE, PRICE, BYTES, BANDWIDTH, FLOP_RATE];

interface Described {
  readonly description: string;
  readonly default?: string | number;
}

const annotationsOf = (kind: QuantityKind<number>, described: Described) => ({
  description: `${described.description} (${kind.hint})`,
  examples: kind.examples as ReadonlyArray<never>,
  ...(described.default === undefined ? {} : { default: described.default as never }),
});

const text = (kind: QuantityKind<number>, described: Described): unknown =>
  Schema.String.check(Schema.isPattern(kind.pattern)).annotate(annotationsOf(kind, described));

const textOrNumber = (kind: QuantityKind<number>, maximum: number, described: Described): unknown =>
  Schema.Union([
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum })),
    Schema.String.check(Schema.isPattern(kind.pattern)),
  ]).annotate(annotationsOf(kind, described));

type Options = Omit<Described, "description">;

/** A duration field; its text needs a unit. */
export const duration = (description: string, options: Options = {}): Schema.Codec<DurationText> =>
  text(DURATION, { description, ...options }) as Schema.Codec<DurationText>;

/** A rate field. */
export const rate = (description: string, options: Options = {}): Schema.Codec<RateText> =>
  text(RATE, { description, ...options }) as Schema.Codec<RateText>;

/** A field for a size in bytes. */
export const bytes = (description: string, options: Options = {}): Schema.Codec<BytesText> =>
  text(BYTES, { description, ...options }) as Schema.Codec<BytesText>;

/** A field for a bandwidth. */
export const bandwidth = (description: string, options: Options = {}): Schema.Codec<BandwidthText> =>
  text(BANDWIDTH, { description, ...options }) as Schema.Codec<BandwidthText>;

/** A field for a rate of floating-point operations. */
export const flopRate = (description: string, options: Options = {}): Schema.Codec<FlopRateText> =>
  text(FLOP_RATE, { description, ...options }) as Schema.Codec<FlopRateText>;

/** A field for a price per hour. */
export const price = (description: string, options: Options = {}): Schema.Codec<PriceText> =>
  text(PRICE, { description, ...options }) as Schema.Codec<PriceText>;

/** A field for a number of tokens. */
export const tokens = (description: string, options: Options = {}): Schema.Codec<CountInput> =>
  textOrNumber(TOKENS, 1e15, { description, ...options }) as Schema.Codec<CountInput>;

/** A field for a number of anything else. */
export const count = (description: string, options: Options = {}): Schema.Codec<CountInput> =>
  textOrNumber(COUNT, 1e15, { description, ...options }) as Schema.Codec<CountInput>;

/** A field for a share, 0..1. */
export const share = (description: string, options: Options = {}): Schema.Codec<ShareInput> =>
  textOrNumber(SHARE, 1, { description, ...options }) as Schema.Codec<ShareInput>;
