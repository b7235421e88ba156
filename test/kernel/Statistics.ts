/** Mean and variance of a sample, and the standard errors of both. */
export const momentsOf = (values: ArrayLike<number>): { mean: number; variance: number; meanError: number; varianceError: number } => {
  const size = values.length;
  let mean = 0;
  for (let index = 0; index < size; index++) mean += values[index]!;
  mean /= size;
  let second = 0;
  let fourth = 0;
  for (let index = 0; index < size; index++) {
    const square = (values[index]! - mean) ** 2;
    second += square / size;
    fourth += (square * square) / size;
  }
  const varianceError = Math.sqrt(Math.max(0, fourth - second * second) / size);
  return { mean, variance: second, meanError: Math.sqrt(second / size), varianceError };
};

/** sqrt(n) times the largest distance of the empirical distribution from the given one; above 1.95 with probability 0.1 %. */
export const kolmogorovSmirnov = (values: Float64Array, distribution: (x: number) => number): number => {
  const sorted = values.toSorted();
  const size = sorted.length;
  let distance = 0;
  for (let index = 0; index < size;) {
    let next = index + 1;
    while (next < size && sorted[next] === sorted[index]) next++;
    const expected = distribution(sorted[index]!);
    distance = Math.max(distance, Math.abs(next / size - expected));
    if (next === index + 1) distance = Math.max(distance, Math.abs(index / size - expected));
    index = next;
  }
  return distance * Math.sqrt(size);
};

/** Distribution of the standard normal. Source: Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
export const normalDistribution = (x: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const tail = density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x < 0 ? tail : 1 - tail;
};

/** Distribution of the gamma with scale 1, by the power series of the incomplete gamma function, for x up to 100. */
export const gammaDistribution = (shape: number, x: number): number => {
  if (x > 100) return 1;
  let term = 1 / shape;
  let sum = term;
  for (let n = 1; n < 1000; n++) sum += term *= x / (shape + n);
  // ln Gamma(shape) by Stirling's series at shape + 10.
  const z = shape + 10;
  let logGamma = (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * z) - 1 / (360 * z ** 3);
  for (let n = 0; n < 10; n++) logGamma -= Math.log(shape + n);
  return Math.min(1, sum * Math.exp(shape * Math.log(x) - x - logGamma));
};
