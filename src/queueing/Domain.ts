/** Refuse a value outside the domain of a closed form. `place` names formula and parameter, as in `mm1.utilization`. Throws RangeError. */
export function requireDomain(
  holds: boolean,
  fault: { readonly place: string; readonly value: number; readonly constraint: string },
): void {
  if (!holds) throw new RangeError(`${fault.place}: ${fault.constraint} (got ${fault.value})`);
}

/** A finite number above 0. */
export function requirePositive(place: string, value: number): void {
  requireDomain(value > 0 && Number.isFinite(value), {
    place,
    value,
    constraint: "must be finite and > 0",
  });
}

/** A finite number, 0 allowed. */
export function requireNonNegative(place: string, value: number): void {
  requireDomain(value >= 0 && Number.isFinite(value), {
    place,
    value,
    constraint: "must be finite and >= 0",
  });
}

/** A whole number from `least` up. */
export function requireWhole(place: string, value: number, least: number): void {
  requireDomain(Number.isSafeInteger(value) && value >= least, {
    place,
    value,
    constraint: `must be a whole number >= ${least}`,
  });
}

/** A probability strictly inside 0..1. */
export function requireProbability(place: string, value: number): void {
  requireDomain(value > 0 && value < 1, { place, value, constraint: "must be > 0 and < 1" });
}

/** Utilization below 1: at 1 and above, the queue of an open model grows without bound and no steady state exists. */
export function requireSteadyState(place: string, utilization: number): void {
  requireDomain(utilization < 1, {
    place: `${place}.utilization`,
    value: utilization,
    constraint: "must be < 1, no steady state exists",
  });
}
