/** Weights above this are scaled down before they overflow; what underflows is then less than 1e-58 of the largest. */
const LARGE = 1e250;

/**
 * Stationary probabilities of a finite birth-death chain on 0..last: p(n) proportional to up(0)..up(n-1) / down(1)..down(n).
 * Products only, rescaled on the way: safe for long chains whose law has one mode. O(last). Source: Kleinrock 1975, section 3.1.
 * @param rates up(n) for n < last, may be infinite; down(n) > 0 for n >= 1; in any common unit
 */
export function birthDeath(last: number, rates: { up(n: number): number; down(n: number): number }): Float64Array {
  const weights = new Float64Array(last + 1);
  weights[0] = 1;
  for (let n = 1; n <= last; n++) {
    const weight = (weights[n - 1]! * rates.up(n - 1)) / rates.down(n);
    weights[n] = weight;
    if (weight > LARGE) {
      for (let k = 0; k < n; k++) weights[k]! /= weight;
      weights[n] = 1;
    }
  }
  let total = 0;
  for (const weight of weights) total += weight;
  return weights.map((weight) => weight / total);
}

/** Sum of n p(n). */
export function meanState(probabilities: Float64Array): number {
  return probabilities.reduce((sum, probability, n) => sum + n * probability, 0);
}
