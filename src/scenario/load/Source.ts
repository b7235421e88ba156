import type { Fault } from "../check/Fault.ts";
import type { Components } from "../../serving/worldLayer.ts";

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A scenario that has been read but not yet checked. */
export interface Source {
  /** As the user named it. */
  readonly file: string;
  /** Plain values: mappings, lists, texts, numbers, flags. */
  readonly authored: unknown;
  /** The place of a fault, or of the nearest thing around it. */
  readonly locate: (fault: Pick<Fault, "path" | "part" | "offset">) => Position | undefined;
  /** Layers that replace components; see `scenario`. */
  readonly components: Components;
}

/** Why a file could not be read at all; one entry per fault. */
export class Unreadable {
  readonly faults: ReadonlyArray<Fault & { readonly position?: Position | undefined }>;

  constructor(...faults: ReadonlyArray<Omit<Fault, "path"> & { readonly position?: Position | undefined }>) {
    this.faults = faults.map((fault) => ({ ...fault, path: [] }));
  }
}
