import { nearestName } from "./Names.ts";
import type { MemoryShortage } from "./whatFits.ts";

/** Why a pool cannot be resolved: which field, what must hold, what was given, and what would work. */
export interface CatalogFault {
  readonly _tag: "CatalogFault";
  readonly field: "gpu" | "model" | "dtype" | "parallelism.tp" | "parallelism.ep" | "engine.kvBlocks";
  readonly constraint: string;
  readonly value: string | number;
  readonly hint: string;
  /** Present where memory is what lacks. */
  readonly shortage?: MemoryShortage;
}

/** A fault without its tag, for brevity where faults are made. */
export const catalogFault = (parts: Omit<CatalogFault, "_tag">): CatalogFault => ({
  _tag: "CatalogFault",
  ...parts,
});

/** Tells a fault from a resolved value. */
export const isCatalogFault = (value: unknown): value is CatalogFault =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === "CatalogFault";

/** The fault of a name that no catalog row bears; the hint holds the nearest known name and all of them. */
export const unknownName = (field: "gpu" | "model" | "dtype", value: string, known: ReadonlyArray<string>): CatalogFault =>
  catalogFault({
    field,
    constraint: `must be a known ${field}${field === "dtype" ? "" : ", unless `step` and `engine.kvBlocks` are given"}`,
    value,
    hint: `did you mean "${nearestName(value, known)}"? known: ${known.join(", ")}`,
  });
