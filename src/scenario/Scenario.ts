import type * as Layer from "effect/Layer";
import type { ScenarioInput } from "./schema/ScenarioSchema.ts";

export type { ScenarioInput };

/** A layer of any service. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyLayer = Layer.Layer<any, any, any>;

/** Found by name, so that two copies of this module understand each other. */
const LAYERS = Symbol.for("spillway/scenario/layers");

export interface ScenarioOptions {
  /** Replace components of the simulation, such as the router, by your own. */
  readonly layers?: ReadonlyArray<AnyLayer>;
}

/**
 * A scenario in TypeScript: `export default scenario({ ... })`. The types are those of the schema, so that editors complete and the compiler
 * finds mistakes. Gives back the authored object itself, a plain value that others can import, spread and change.
 */
export const scenario = (authored: ScenarioInput, options: ScenarioOptions = {}): ScenarioInput => {
  const { layers = [] } = options;
  return layers.length === 0 ? authored : Object.assign({ ...authored }, { [LAYERS]: layers });
};

/** The layers that were attached to a scenario; they survive spreading. */
export const layersOf = (authored: object): ReadonlyArray<AnyLayer> =>
  (authored as { readonly [LAYERS]?: ReadonlyArray<AnyLayer> })[LAYERS] ?? [];
