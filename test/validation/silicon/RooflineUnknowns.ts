import { ENGINE_NAMES } from "../../../src/serving/catalog/EngineNames.ts";
import type { EngineName } from "../../../src/serving/catalog/EngineNames.ts";
import type { EngineFactors, RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";

/** A factor that is fitted, from where the fit starts and is weakly held to: round guesses, made before any fit. */
export interface Unknown {
  readonly name: keyof RooflineFactors | keyof EngineFactors;
  readonly engine?: EngineName;
  readonly start: number;
  /** Shares of a data sheet's figure are at most 1. */
  readonly isShare: boolean;
}

const COMMON: { readonly [name in keyof Omit<RooflineFactors, "engines">]: readonly [start: number, isShare: boolean] } = {
  memoryRatio: [0.8, true],
  computeRatio: [0.7, true],
  expertComputeRatio: [0.3, true],
  kvRatio: [0.8, true],
  latentKvRatio: [0.6, true],
  attentionRatio: [0.3, true],
  linkRatio: [0.6, true],
  expertLayerMs: [0.05, false],
  latentLayerMs: [0.04, false],
  castLayerMs: [0.02, false],
  exchangeMs: [0.006, false],
  activationPasses: [10, false],
  expertPasses: [10, false],
  expertSkewRatio: [0.1, false],
  independentRatio: [0.9, true],
  requestMsPerToken: [0.002, false],
};

const ENGINE: { readonly [name in keyof EngineFactors]: readonly [start: number, isShare: boolean] } = {
  hostMs: [0.8, false],
  hostPerSequenceMs: [0.02, false],
  layerMs: [0.03, false],
  kv8Ratio: [0.5, true],
  requestMs: [30, false],
};

export const UNKNOWNS: ReadonlyArray<Unknown> = [
  ...Object.entries(COMMON).map(([name, [start, isShare]]) => ({ name: name as Unknown["name"], start, isShare })),
  ...ENGINE_NAMES.flatMap((engine) =>
    Object.entries(ENGINE).map(([name, [start, isShare]]) => ({ name: name as Unknown["name"], engine, start, isShare })),
  ),
];

/** Factors from values in the order of UNKNOWNS. */
export const factorsOf = (values: ArrayLike<number>): RooflineFactors => {
  const common: { [name: string]: number } = {};
  const engines: { [engine: string]: { [name: string]: number } } = {};
  UNKNOWNS.forEach(({ name, engine }, i) => {
    if (engine === undefined) common[name] = values[i]!;
    else (engines[engine] ??= {})[name] = values[i]!;
  });
  return { ...common, engines } as unknown as RooflineFactors;
};
