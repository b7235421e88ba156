import type { Components } from "../serving/worldLayer.ts";
import type { ScenarioInput } from "./schema/ScenarioSchema.ts";

export type { ScenarioInput };

/** Found by name, so that two copies of this module understand each other. */
const COMPONENTS = Symbol.for("spillway/scenario/components");

export interface ScenarioOptions {
  /** Layers that replace components of the simulation, such as the router, by your own. */
  readonly components?: Components;
}

/**
 * A scenario in TypeScript: `export default scenario({ ... })`. The types are those of the schema, so that editors complete and the compiler
 * finds mistakes. Gives back the authored object itself, a plain value that others can import, spread and change.
 */
export const scenario = (authored: ScenarioInput, options: ScenarioOptions = {}): ScenarioInput =>
  options.components === undefined ? authored : Object.assign({}, authored, { [COMPONENTS]: options.components });

/** The components that were attached to a scenario; they survive spreading. */
export const componentsOf = (authored: object): Components => (authored as { readonly [COMPONENTS]?: Components })[COMPONENTS] ?? {};
