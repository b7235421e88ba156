import { wholeNumber } from "./Csv.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Digits of a fraction of a second beyond these are ignored. */
const MAX_FRACTION = 15;

/**
 * Reads stamps as `2023-11-16 18:17:03.9799600`, with a `T` instead of the blank and with `Z` or an offset as `+00:00`
 * at the end. Times are ms from midnight (UTC) of the first stamp's day, so that fractions of a microsecond survive: ms
 * since 1970 leave a double only a quarter of a microsecond.
 */
export class WallClock {
  private originDay: number | undefined;

  /** NaN for anything that is not such a stamp. */
  read(text: string, start: number, end: number): number {
    const day = dayOf(text, start);
    const separator = text.charCodeAt(start + 10);
    if (separator !== 32 && separator !== 84) return Number.NaN;
    this.originDay ??= day;
    return (day - this.originDay) * DAY_MS + timeOfDayMs(text, start + 11, end);
  }
}

/** Days since 1970 of `YYYY-MM-DD`. */
const dayOf = (text: string, at: number): number => {
  const year = wholeNumber(text, at, at + 4);
  const month = wholeNumber(text, at + 5, at + 7);
  const day = wholeNumber(text, at + 8, at + 10);
  const dashes = text.charCodeAt(at + 4) === 45 && text.charCodeAt(at + 7) === 45;
  const known = dashes && year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return known ? daysFromCivil(year, month, day) : Number.NaN;
};

/** Source: H. Hinnant, "chrono-compatible low-level date algorithms" (2013), days_from_civil. */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
};

const timeOfDayMs = (text: string, at: number, end: number): number => {
  const hours = wholeNumber(text, at, at + 2);
  const minutes = wholeNumber(text, at + 3, at + 5);
  const seconds = wholeNumber(text, at + 6, at + 8);
  const colons = text.charCodeAt(at + 2) === 58 && text.charCodeAt(at + 5) === 58;
  const valid = hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && seconds >= 0 && seconds <= 60;
  if (!colons || !valid || at + 8 > end) return Number.NaN;
  const zoneAt = fractionEnd(text, at + 8, end);
  const whole = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return whole + fractionMs(text, at + 9, zoneAt) - zoneMs(text, zoneAt, end);
};

const fractionEnd = (text: string, at: number, end: number): number => {
  if (text.charCodeAt(at) !== 46 || at >= end) return at;
  let index = at + 1;
  while (index < end && text.charCodeAt(index) >= 48 && text.charCodeAt(index) <= 57) index++;
  return index;
};

const fractionMs = (text: string, start: number, end: number): number => {
  if (end <= start) return 0;
  const digits = Math.min(end - start, MAX_FRACTION);
  return (wholeNumber(text, start, start + digits) * 1000) / 10 ** digits;
};

/** Offset of a time zone: nothing, `Z`, `+hh:mm`, `+hhmm` or `+hh`. */
const zoneMs = (text: string, start: number, end: number): number => {
  if (start >= end) return 0;
  // Nearly all rows of a file have the same one.
  if (end - start === 6 && text.startsWith("+00:00", start)) return 0;
  return namedZoneMs(text.slice(start, end).trim());
};

const namedZoneMs = (zone: string): number => {
  if (zone === "" || zone === "Z") return 0;
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) return Number.NaN;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === "-" ? -minutes : minutes) * MINUTE_MS;
};
