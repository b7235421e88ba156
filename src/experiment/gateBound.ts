import type { Unit } from "./showQuantity.ts";

/** Why a bound is not one: what it must be, and a text that would do. */
export interface BoundFault {
  readonly constraint: string;
  readonly hint: string;
}

/** The number of a gate's bound in the unit of its metric (ms, 0..1, per second, US dollars, plain), or what is wrong with it. */
export const parseBound = (text: string, unit: Unit): number | BoundFault => PARSERS[unit](text);

const NUMBER = String.raw`(\d[\d_]*(?:\.\d+)?|\.\d+)`;

/** A gate's bound is never negative: no metric is. */
const matchNumber = (
  text: string,
  suffix: string,
  factors: { readonly [suffix: string]: number },
): number | undefined => {
  const match = new RegExp(`^${NUMBER}\\s*(${suffix})$`).exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]!.replaceAll("_", "")) * (factors[match[2]!] ?? 1);
  return Number.isFinite(value) ? value : undefined;
};

const plainNumber = (text: string): number | undefined => matchNumber(text, "", {});

const DURATIONS = { us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86_400e3 };

const parseDurationBound = (text: string): number | BoundFault => {
  const total = compoundDuration(text);
  if (total !== undefined) return total;
  const bare = plainNumber(text);
  if (bare === 0) return 0;
  return {
    constraint: "must be a duration with its unit (us, ms, s, m, h, d)",
    hint: bare === undefined ? "2s or 350ms" : `${text}s or ${text}ms`,
  };
};

/** `90s`, `1h30m`: parts in falling units. */
const compoundDuration = (text: string): number | undefined => {
  const parts = text.match(new RegExp(`${NUMBER}\\s*(us|µs|ms|min|s|m|h|d)(?![a-z])`, "gy"));
  if (parts === null || parts.join("") !== text) return undefined;
  let total = 0;
  let last = Infinity;
  for (const part of parts) {
    const unit = DURATIONS[part.replace(/[\d._\s]/g, "") as keyof typeof DURATIONS];
    if (unit >= last) return undefined;
    last = unit;
    total += matchNumber(part, "us|µs|ms|min|s|m|h|d", DURATIONS) ?? NaN;
  }
  return Number.isFinite(total) ? total : undefined;
};

const parseRatioBound = (text: string): number | BoundFault => {
  const percent = matchNumber(text, "%", { "%": 1 });
  const value = percent === undefined ? plainNumber(text) : percent / 100;
  if (value !== undefined && value <= 1) return value;
  const constraint = "must be a share from 0 to 1 or a percentage from 0% to 100%";
  return {
    constraint,
    hint: percent === undefined && value !== undefined && value <= 100 ? `${text}%` : "0.95 or 95%",
  };
};

const SCALES = { k: 1e3, M: 1e6, G: 1e9 };

const parseRateBound = (text: string): number | BoundFault => {
  const match = /^(.+?)\s*\/\s*(s|min|m|h|d)$/.exec(text);
  const count = match === null ? undefined : matchNumber(match[1]!, "[kMG]?", SCALES);
  if (count !== undefined) return count / (DURATIONS[match![2] as keyof typeof DURATIONS] / 1e3);
  const bare = matchNumber(text, "[kMG]?", SCALES);
  if (bare === 0) return 0;
  return {
    constraint: "must be a rate (/s, /min, /h)",
    hint: bare === undefined ? "40/s" : `${text}/s`,
  };
};

const parseUsdBound = (text: string): number | BoundFault => {
  const value = text.startsWith("$")
    ? matchNumber(text.slice(1).trim(), "[kMG]?", SCALES)
    : undefined;
  if (value !== undefined) return value;
  const bare = matchNumber(text, "[kMG]?", SCALES);
  return {
    constraint: "must be an amount of US dollars",
    hint: bare === undefined ? "$0.80" : `$${text}`,
  };
};

const parseNumberBound = (text: string): number | BoundFault =>
  matchNumber(text, "[kMG]?", SCALES) ?? {
    constraint: "must be a number of at least 0",
    hint: "100 or 16k",
  };

const PARSERS: { readonly [U in Unit]: (text: string) => number | BoundFault } = {
  ms: parseDurationBound,
  ratio: parseRatioBound,
  perSecond: parseRateBound,
  usd: parseUsdBound,
  number: parseNumberBound,
};
