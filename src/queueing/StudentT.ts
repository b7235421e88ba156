import { requireProbability, requireWhole } from "./Domain.ts";

/** Half widths beyond this have no use: t(0.9999) at one degree of freedom is 3,183. */
const LARGEST = 1e9;

/**
 * P(|T| <= t) of Student's t with a whole number of degrees of freedom >= 1, t >= 0, by the finite series in cos(theta),
 * theta = atan(t / sqrt(freedom)). O(freedom). Source: Abramowitz and Stegun 1964, equations 26.7.3 and 26.7.4.
 */
export function studentTCentral(t: number, freedom: number): number {
  requireWhole("studentTCentral.freedom", freedom, 1);
  const theta = Math.atan(t / Math.sqrt(freedom));
  const cos2 = Math.cos(theta) ** 2;
  const odd = freedom % 2 === 1;
  let term = odd ? Math.cos(theta) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= (cos2 * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/**
 * Value that a share `p` of Student's t distribution lies below; 0 < p < 1, degrees of freedom whole and >= 1.
 * Bisection on `studentTCentral` to the last digits of that series, about 1e-14 in probability: use it for 1e-9 < p < 1 - 1e-9.
 */
export function studentTQuantile(p: number, freedom: number): number {
  requireProbability("studentTQuantile.p", p);
  requireWhole("studentTQuantile.freedom", freedom, 1);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentTQuantile(1 - p, freedom);
  const central = 2 * p - 1;
  let low = 0;
  let high = 1;
  while (high < LARGEST && studentTCentral(high, freedom) < central) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (studentTCentral(middle, freedom) < central) low = middle;
    else high = middle;
  }
}
