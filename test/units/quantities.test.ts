import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BYTES, formatBytes, parseBytes } from "../../src/units/Bytes.ts";
import { COUNT, formatCount, formatTokens, parseCount, parseTokens, TOKENS } from "../../src/units/Count.ts";
import { DURATION, formatDuration, parseDuration } from "../../src/units/Duration.ts";
import { formatPrice, formatUsd, parsePrice, parseUsd, PRICE, USD } from "../../src/units/Money.ts";
import type { QuantityKind } from "../../src/units/Quantity.ts";
import { isQuantityFault } from "../../src/units/Quantity.ts";
import { formatRate, parseRate, RATE } from "../../src/units/Rate.ts";
import { formatShare, parseShare, SHARE } from "../../src/units/Share.ts";

describe("parsers: what people write -> the number in its unit", () => {
  it.each([
    ["2s", 2000],
    ["250ms", 250],
    ["90m", 5_400_000],
    ["90min", 5_400_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["0s", 0],
    ["1.1s", 1100],
    ["0.001ms", 0.001],
    ["2 s", 2000],
    ["1.005s", 1005],
    ["0.07s", 70],
  ])("duration %s", (text, ms) => expect(parseDuration(text)).toBe(ms));
  it.each([
    ["40/s", 40],
    ["2400/m", 40],
    ["2400/min", 40],
    ["10k/h", 10_000 / 3600],
    ["1.5M/d", 1_500_000 / 86_400],
    ["40 / s", 40],
    ["0/s", 0],
  ])("rate %s", (text, perSecond) => expect(parseRate(text)).toBe(perSecond));
  it.each<[string | number, number]>([
    ["16k", 16_000],
    [512, 512],
    ["512", 512],
    ["1.1k", 1100],
    ["1.5M", 1_500_000],
  ])("tokens %s", (text, tokens) => {
    expect(parseTokens(text)).toBe(tokens);
    expect(parseCount(text)).toBe(tokens);
  });
  it.each([
    ["80GiB", 80 * 2 ** 30],
    ["80GB", 80e9],
    ["512MiB", 2 ** 29],
    ["1.5KiB", 1536],
    ["1kB", 1000],
    ["1KB", 1000],
    ["7B", 7],
    ["2TiB", 2 ** 41],
  ])("bytes %s", (text, bytes) => expect(parseBytes(text)).toBe(bytes));
  it.each([
    ["$2/h", 2],
    ["$2.49/h", 2.49],
  ])("price %s", (text, usd) => expect(parsePrice(text)).toBe(usd));
  it.each([
    ["$0.80", 0.8],
    ["$1200", 1200],
  ])("amount %s", (text, usd) => expect(parseUsd(text)).toBe(usd));
  it.each<[string | number, number]>([
    ["95%", 0.95],
    [0.95, 0.95],
    ["100%", 1],
    ["0%", 0],
    ["0.1%", 0.001],
    ["7%", 0.07],
    [1, 1],
  ])("share %s", (text, ratio) => expect(parseShare(text)).toBe(ratio));
});

const KINDS: ReadonlyArray<readonly [string, QuantityKind<number>, ReadonlyArray<string | number>]> = [
  ["duration", DURATION, [5, 0, "5", "", "s", "-1s", "1 hour", "1e3s", "1,5s", "1h30m", "Infinity", "1s ", "9999999999999999s"]],
  ["rate", RATE, [40, "40", "40/sec", "-1/s", "/s", "40/s/s", "40ps", "1kk/s"]],
  ["tokens", TOKENS, [-1, NaN, Infinity, "", "16K", "16kb", "-16k", "1e3", "16 000"]],
  ["count", COUNT, [-1, "ten"]],
  ["bytes", BYTES, [80, "80", "80G", "80gib", "-1GiB"]],
  ["price", PRICE, [2, "2/h", "$2", "$-2/h", "$2/d", "2$/h"]],
  ["amount", USD, [0.8, "0.8", "$", "$1/h"]],
  ["share", SHARE, [1.01, -0.1, 95, "95", "101%", "100.1%", "-5%", NaN]],
];

it.each(KINDS)("%s: malformed -> a fault with the value and a hint whose examples parse", (_, kind, malformed) => {
  for (const written of malformed) {
    const parsed = kind.parse(written);
    expect(isQuantityFault(parsed), String(written)).toBe(true);
    expect(parsed).toMatchObject({ constraint: kind.noun, value: written, hint: kind.hint });
  }
  for (const example of kind.examples) expect(isQuantityFault(kind.parse(example))).toBe(false);
});

it.each(KINDS)("%s: any text -> parses exactly when the pattern matches, and never throws", (_, kind) => {
  const near = fc.stringMatching(/^\$?[0-9]{0,3}(\.[0-9]{1,2})? ?(ms|s|m|h|d|k|M|%|GiB|GB|\/s|\/h|k\/h)?$/u);
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      expect(isQuantityFault(kind.parse(text))).toBe(!kind.pattern.test(text));
    }),
  );
});

const exact = fc.oneof(
  fc.double({ min: 1e-6, max: 1e15, maxExcluded: true, noNaN: true }),
  fc.nat(),
  fc.nat().map((n) => n / 1000),
);

it.each(KINDS.filter(([name]) => name !== "share"))("%s: formatted, then parsed -> the same number, exactly", (_, kind) => {
  fc.assert(
    fc.property(exact, (quantity) => {
      expect(kind.parse(kind.format(quantity))).toBe(quantity);
    }),
    { numRuns: 500 },
  );
});

it("share: formatted, then parsed -> the same number, exactly", () => {
  const shares = fc.oneof(
    fc.double({ min: 1e-6, max: 1, noNaN: true }),
    fc.nat(10_000).map((n) => n / 10_000),
  );
  fc.assert(
    fc.property(shares, (ratio) => {
      expect(parseShare(formatShare(ratio))).toBe(ratio);
    }),
    { numRuns: 500 },
  );
});

it("formatters: round numbers -> as people write them", () => {
  expect([0, 0.5, 250, 2000, 5_400_000, 86_400_000, 90_000].map(formatDuration)).toEqual([
    "0ms",
    "0.5ms",
    "250ms",
    "2s",
    "1.5h",
    "1d",
    "1.5m",
  ]);
  expect([40, 0.5, 10_000, 1 / 60].map(formatRate)).toEqual(["40/s", "43.2k/d", "10k/s", "1.44k/d"]);
  expect([512, 16_000, 1_500_000, 0].map(formatTokens)).toEqual(["512", "16k", "1.5M", "0"]);
  expect(formatCount(1000)).toBe("1k");
  expect([80 * 2 ** 30, 80e9, 7, 0].map(formatBytes)).toEqual(["80GiB", "80GB", "7B", "0B"]);
  expect([formatPrice(2), formatPrice(2.49), formatUsd(0.8)]).toEqual(["$2/h", "$2.49/h", "$0.8"]);
  expect([0.95, 1, 0, 0.07, 0.999].map(formatShare)).toEqual(["95%", "100%", "0%", "7%", "99.9%"]);
});
