/** Throws RangeError unless the value is finite and above 0; `name` says which parameter of which sampler. */
export const requirePositive = (name: string, value: number): void => {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} ${value} is not a finite number > 0`);
};

/** Throws RangeError unless the value is finite and not negative. */
export const requireNotNegative = (name: string, value: number): void => {
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name} ${value} is not a finite number >= 0`);
};

/** Throws RangeError unless the value is finite. */
export const requireFinite = (name: string, value: number): void => {
  if (!Number.isFinite(value)) throw new RangeError(`${name} ${value} is not a finite number`);
};
