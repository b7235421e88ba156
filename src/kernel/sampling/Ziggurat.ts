import type { UnitSource } from "../Randomness.ts";

/**
 * Layers of equal area under a falling density f on x >= 0. Edges fall from the base to 0; the base layer is as wide as
 * its area demands and stands for the tail beyond `tailStart`.
 *
 * Source: G. Marsaglia and W. W. Tsang, "The ziggurat method for generating random variables", J. Stat. Software 5
 * (2000), in the form of J. A. Doornik, "An improved ziggurat method to generate normal random samples" (2005): layer and
 * position come from different bits.
 */
const edgesOf = (options: {
  readonly layers: number;
  readonly tailStart: number;
  readonly area: number;
  readonly density: (x: number) => number;
  readonly inverse: (density: number) => number;
}): Float64Array => {
  const { layers, tailStart, area, density, inverse } = options;
  const edges = new Float64Array(layers + 1);
  edges[0] = area / density(tailStart);
  edges[1] = tailStart;
  for (let layer = 2; layer < layers; layer++) {
    const below = edges[layer - 1]!;
    edges[layer] = inverse(area / below + density(below));
  }
  return edges;
};

const EXPONENTIAL_LAYERS = 256;
const EXPONENTIAL_TAIL = 7.697117470131049;
const EXPONENTIAL_EDGES = edgesOf({
  layers: EXPONENTIAL_LAYERS,
  tailStart: EXPONENTIAL_TAIL,
  area: 3.949659822581557e-3,
  density: (x) => Math.exp(-x),
  inverse: (density) => -Math.log(density),
});

/** Exponential of mean 1; one draw in 98.9 % of all cases, no logarithm in them. */
export const standardExponential = (source: UnitSource): number => {
  const position = source.unit() * EXPONENTIAL_LAYERS;
  const layer = position | 0;
  const x = (position - layer) * EXPONENTIAL_EDGES[layer]!;
  return x < EXPONENTIAL_EDGES[layer + 1]! ? x : exponentialAtEdge(layer, x, source);
};

const exponentialAtEdge = (layer: number, x: number, source: UnitSource): number => {
  if (layer === 0) return EXPONENTIAL_TAIL - Math.log(source.unit());
  const outer = Math.exp(-EXPONENTIAL_EDGES[layer]!);
  const inner = Math.exp(-EXPONENTIAL_EDGES[layer + 1]!);
  const accepted = outer + source.unit() * (inner - outer) < Math.exp(-x);
  return accepted ? x : standardExponential(source);
};

const NORMAL_LAYERS = 128;
const NORMAL_TAIL = 3.442619855899;
const NORMAL_EDGES = edgesOf({
  layers: NORMAL_LAYERS,
  tailStart: NORMAL_TAIL,
  area: 9.91256303526217e-3,
  density: (x) => Math.exp(-0.5 * x * x),
  inverse: (density) => Math.sqrt(-2 * Math.log(density)),
});

/** Normal of mean 0 and variance 1; one draw in 98.8 % of all cases, no logarithm in them. */
export const standardNormal = (source: UnitSource): number => {
  const position = source.unit() * NORMAL_LAYERS;
  const layer = position | 0;
  const x = (2 * (position - layer) - 1) * NORMAL_EDGES[layer]!;
  return Math.abs(x) < NORMAL_EDGES[layer + 1]! ? x : normalAtEdge(layer, x, source);
};

const normalAtEdge = (layer: number, x: number, source: UnitSource): number => {
  if (layer === 0) return x < 0 ? -normalTail(source) : normalTail(source);
  const outer = NORMAL_EDGES[layer]!;
  const inner = NORMAL_EDGES[layer + 1]!;
  const outerShare = Math.exp(-0.5 * (outer * outer - x * x));
  const innerShare = Math.exp(-0.5 * (inner * inner - x * x));
  const accepted = outerShare + source.unit() * (innerShare - outerShare) < 1;
  return accepted ? x : standardNormal(source);
};

/** Source: G. Marsaglia, "Generating a variable from the tail of the normal distribution", Technometrics 6 (1964). */
const normalTail = (source: UnitSource): number => {
  for (;;) {
    const x = -Math.log(source.unit()) / NORMAL_TAIL;
    if (-2 * Math.log(source.unit()) > x * x) return NORMAL_TAIL + x;
  }
};
