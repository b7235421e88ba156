/** A setting that a policy cannot work with; thrown when the policy is built, before it decides anything. */
export class SettingFault extends RangeError {
  override readonly name = "SettingFault";
  /** Dotted, from the policy's name: "codel.targetMs". */
  declare readonly setting: string;
  /** Completes "must be": "> 0". */
  declare readonly constraint: string;
  declare readonly value: unknown;

  constructor(setting: string, constraint: string, value: unknown) {
    super(`${setting}: must be ${constraint} (got ${String(value)})`);
    this.setting = setting;
    this.constraint = constraint;
    this.value = value;
  }
}

/** What a number must be; bounds are included unless they say otherwise. */
export interface Bounds {
  readonly above?: number;
  readonly least?: number;
  readonly most?: number;
  readonly whole?: boolean;
  /** Infinity is allowed: "no bound". */
  readonly unbounded?: boolean;
}

/** The value itself when it is a number within the bounds; throws SettingFault. */
export function requireSetting(setting: string, value: number, bounds: Bounds): number {
  const infinite = bounds.unbounded === true && value === Infinity;
  const sound =
    (infinite || Number.isFinite(value)) &&
    (infinite || bounds.whole !== true || Number.isSafeInteger(value)) &&
    value >= (bounds.least ?? -Infinity) &&
    value > (bounds.above ?? -Infinity) &&
    value <= (bounds.most ?? Infinity);
  if (!sound) throw new SettingFault(setting, describe(bounds), value);
  return value;
}

function describe(bounds: Bounds): string {
  const parts = [
    bounds.whole === true ? "a whole number" : "a finite number",
    ...(bounds.above === undefined ? [] : [`> ${bounds.above}`]),
    ...(bounds.least === undefined ? [] : [`>= ${bounds.least}`]),
    ...(bounds.most === undefined ? [] : [`<= ${bounds.most}`]),
  ];
  return `${parts.join(" ")}${bounds.unbounded === true ? ", or Infinity" : ""}`;
}
