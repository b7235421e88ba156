/** What a number is counted in. `ms` milliseconds, `ratio` a share in 0..1, `perSecond` a rate, `usd` US dollars, `number` a plain count or mean. */
export type Unit = "ms" | "ratio" | "perSecond" | "usd" | "number";

/** The text of a number in its unit for people: `1.84s`, `57.8%`, `40.1/s`, `$0.80`, `12,034`. A missing value (null, undefined, NaN) is `–`. Independent of the locale. */
export const showQuantity = (value: number | null | undefined, unit: Unit): string => {
  switch (unit) {
    case "ms":
      return showDuration(value);
    case "ratio":
      return showRatio(value);
    case "perSecond":
      return showRate(value);
    case "usd":
      return showUsd(value);
    case "number":
      return showNumber(value);
  }
};

/** As `showQuantity`, with more digits where the short text would read the same as that of `beside`, a different value: 2000.4 ms beside 2 s is `2000.4ms`, not `2s`. */
export const showApartFrom = (value: number, beside: number, unit: Unit): string => {
  const short = showQuantity(value, unit);
  if (value === beside || withoutZeros(short) !== withoutZeros(showQuantity(beside, unit))) return short;
  const long = showExactly(value, unit, 6);
  return long === showExactly(beside, unit, 6) ? showExactly(value, unit, 15) : long;
};

/** `1.00s` and `1s` read the same. */
const withoutZeros = (text: string): string => text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");

/** A number that somebody chose, without the zeros that keep columns of measurements even: `30%`, `$0.80`. */
export const showBound = (value: number, unit: Unit): string => (unit === "usd" ? showUsd(value) : withoutZeros(showQuantity(value, unit)));

const showExactly = (value: number, unit: Unit, significant: number): string => {
  const number = String(Number((unit === "ratio" ? value * 100 : value).toPrecision(significant)));
  return unit === "usd" ? `$${number}` : number + { ms: "ms", ratio: "%", perSecond: "/s", number: "" }[unit];
};

const MISSING = "–";

const missing = (value: number | null | undefined): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Milliseconds as `350µs`, `8.25ms`, `820ms`, `18.4s`, `2m05s`, `1h05m` or `3d04h`. */
export const showDuration = (ms: number | null | undefined): string => {
  if (missing(ms)) return MISSING;
  if (ms < 0) return `-${showDuration(-ms)}`;
  if (ms === Infinity) return "∞";
  if (ms === 0) return "0ms";
  if (ms < 0.0005) return "<1µs";
  if (ms < 0.9995) return `${digits3(ms * 1000)}µs`;
  if (ms < 999.5) return `${digits3(ms)}ms`;
  if (ms < 59_950) return `${digits3(ms / 1000)}s`;
  return longDuration(Math.round(ms / 1000));
};

const longDuration = (seconds: number): string => {
  if (seconds < 3600)
    return twoParts({
      whole: Math.floor(seconds / 60),
      unit: "m",
      rest: seconds % 60,
      restUnit: "s",
    });
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440)
    return twoParts({
      whole: Math.floor(minutes / 60),
      unit: "h",
      rest: minutes % 60,
      restUnit: "m",
    });
  const hours = Math.round(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 1000) return `${showNumber(days)}d`;
  return twoParts({ whole: days, unit: "d", rest: hours % 24, restUnit: "h" });
};

const twoParts = (of: { whole: number; unit: string; rest: number; restUnit: string }): string =>
  of.rest === 0 ? `${of.whole}${of.unit}` : `${of.whole}${of.unit}${String(of.rest).padStart(2, "0")}${of.restUnit}`;

/** A share as a percentage; only exactly 0 and 1 (and more) read `0%` and `100%`, so that a rare loss stays visible: 0.99997 is `99.997%`. */
export const showRatio = (ratio: number | null | undefined): string => {
  if (missing(ratio)) return MISSING;
  if (ratio < 0) return `-${showRatio(-ratio)}`;
  const percent = ratio * 100;
  if (!Number.isFinite(percent)) return "∞";
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent < 0.001) return "<0.001%";
  if (percent > 99.999 && percent < 100) return ">99.999%";
  if (percent > 99.9 && percent < 100) return `${floorTo(percent, percent > 99.99 ? 3 : 2)}%`;
  if (percent >= 1000) return `${showNumber(Math.round(percent))}%`;
  return `${percent >= 10 ? percent.toFixed(1) : digits3(percent)}%`;
};

const floorTo = (value: number, decimals: number): number => Math.floor(value * 10 ** decimals) / 10 ** decimals;

/** A rate as `40.1/s`, `0.0123/s` or `12.3k/s`. */
export const showRate = (perSecond: number | null | undefined): string => (missing(perSecond) ? MISSING : `${showNumber(perSecond)}/s`);

/** US dollars as `$0.0042`, `$0.80`, `$12.50`, `$1,203` or `$1.23M`. */
export const showUsd = (usd: number | null | undefined): string => {
  if (missing(usd)) return MISSING;
  if (usd < 0) return `-${showUsd(-usd)}`;
  if (usd === 0) return "$0";
  if (usd < 0.0995) return `$${digits3(usd)}`;
  if (usd < 999.995) return `$${usd.toFixed(2)}`;
  return `$${showNumber(usd)}`;
};

/** A number in about four characters: integers in full up to 9,999,999, others with three significant digits, large ones as `12.3M`. */
export const showNumber = (value: number | null | undefined): string => {
  if (missing(value)) return MISSING;
  if (value < 0) return `-${showNumber(-value)}`;
  if (value === Infinity) return "∞";
  if (value >= 9_999_999.5) return scaled(value);
  if (Number.isInteger(value)) return showCount(value);
  return value >= 999.5 ? showCount(Math.round(value)) : digits3(value);
};

const scaled = (value: number): string => {
  let rest = value / 1e6;
  for (const suffix of ["M", "G", "T"]) {
    if (rest < 999.5) return `${digits3(rest)}${suffix}`;
    rest /= 1000;
  }
  return value.toExponential(2);
};

/** An integer in full, digits in groups of three: `412,318`. Beyond 2^53 in powers of ten. */
export const showCount = (value: number | null | undefined): string => {
  if (missing(value)) return MISSING;
  if (!Number.isSafeInteger(value)) return Number.isFinite(value) ? value.toExponential(2) : "∞";
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
};

/** Three significant digits, never in powers of ten above 1e-6: 0.0123, 1.23, 12.3, 123. Trailing zeros stay, so that columns do not jitter, but those of an integer below ten go. */
const digits3 = (value: number): string => {
  if (value === 0) return "0";
  if (Number.isInteger(value)) return String(value);
  if (value < 1e-6) return value.toExponential(1);
  return plain(value);
};

const plain = (value: number): string => {
  const three = Number(value.toPrecision(3));
  return three.toFixed(Math.min(Math.max(2 - Math.floor(Math.log10(three)), 0), 9));
};
