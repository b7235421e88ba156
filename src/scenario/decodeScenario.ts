import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { resolvePool } from "../serving/catalog/resolvePool.ts";
import type { Fault } from "./check/Fault.ts";
import type { Path } from "./check/Path.ts";
import { decodeWorld, isFaults } from "./decode/decodeWorld.ts";
import type { PoolCatalog } from "./decode/PoolCatalog.ts";
import { idleSettings, idleText } from "./idle/idleSettings.ts";
import type { Overridden, Setting } from "./load/Overrides.ts";
import { applyOverrides } from "./load/Overrides.ts";
import type { Source } from "./load/Source.ts";
import { componentsOf } from "./Scenario.ts";
import type { Components } from "../serving/worldLayer.ts";
import type { ScenarioInput } from "./schema/ScenarioSchema.ts";
import type { PlacedFault } from "./ScenarioFault.ts";
import { placeFault, ScenarioFault, sortFaults } from "./ScenarioFault.ts";
import type { World } from "./World.ts";

export interface DecodeScenarioOptions {
  /** Overrides, in order: path and value as in `--set PATH=VALUE`. */
  readonly set?: ReadonlyArray<Setting>;
  /** Stands in for the catalog of GPUs and models. */
  readonly catalog?: PoolCatalog;
  /** Stands in for the file system when traces are looked for. */
  readonly fileExists?: (path: string) => boolean;
}

/** A scenario ready to run. */
export interface LoadedScenario {
  readonly source: Source;
  /** As written, after overrides. */
  readonly authored: unknown;
  readonly world: World;
  /** Settings that are written and change nothing, and where. */
  readonly warnings: ReadonlyArray<PlacedFault>;
  readonly components: Components;
}

/** Applies overrides to a scenario that has been read, checks it, and turns it into a world; or says all that is wrong. Never throws. */
export const decodeScenario = (source: Source, options: DecodeScenarioOptions = {}): LoadedScenario | ScenarioFault => {
  const overridden = applyOverrides(source.authored, options.set ?? []);
  const decoded = decodeWorld(overridden.authored, {
    catalog: options.catalog ?? resolvePool,
    stepFiles: { resolve: resolveFrom(source, overridden), readText },
    traceFiles: {
      resolve: resolveFrom(source, overridden),
      exists: options.fileExists ?? existsSync,
    },
  });
  const failed = overridden.faults.map(({ fault, place }) => placeFault(fault, { name: place }));
  const placed = (fault: Fault): PlacedFault => {
    const place = overridden.originOf(fault.path);
    return placeFault(fault, place === undefined ? { name: source.file, position: source.locate(fault) } : { name: place });
  };
  const found = isFaults(decoded) ? decoded.map(placed) : [];
  if (isFaults(decoded) || failed.length > 0) return new ScenarioFault({ file: source.file, faults: sortFaults([...found, ...failed]) });
  const { authored } = overridden;
  // Whoever brings a component of their own may read in it what they want.
  const replaced = Object.keys(source.components).length > 0;
  const idle = replaced ? [] : idleSettings(authored as ScenarioInput, decoded);
  return {
    source,
    authored,
    world: idle.length === 0 ? decoded : { ...decoded, warnings: idle.map(idleText) },
    warnings: sortFaults(idle.map(placed)),
    components: source.components,
  };
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/** A scenario that is not in a file: its faults have paths but no lines. */
export const sourceOf = (authored: object, file = "scenario"): Source => ({
  file,
  authored,
  locate: () => undefined,
  components: componentsOf(authored),
});

/** Trace paths in a file are relative to it; those of settings are relative to the working directory. */
const resolveFrom =
  (source: Source, overridden: Overridden) =>
  (written: string, at: Path): string =>
    isAbsolute(written) || overridden.originOf(at) !== undefined ? written : join(dirname(source.file), written);
