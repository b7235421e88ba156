import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Streams } from "../kernel/Streams.ts";
import { OpenArrivals } from "./OpenArrivals.ts";
import type { ArrivalSource } from "./RequestDraft.ts";
import { TraceArrivals } from "./TraceArrivals.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/** How to open the arrivals of a class. */
export interface ArrivalSourceOptions {
  /** Count malformed rows of a trace instead of failing on them. */
  readonly skipBadRows: boolean;
  /** Folder that relative trace paths start from; the working folder where absent. */
  readonly baseFolder?: string;
}

/**
 * The arrivals of a class that does not wait for completions: those of its trace if it has one, else those of its process.
 * A trace must be refilled before its first next(). Throws RangeError for a closed loop and for parameters that cannot be.
 */
export const arrivalSourceOf = (
  spec: TrafficClassSpec,
  streams: Streams,
  options: ArrivalSourceOptions,
): ArrivalSource | TraceArrivals => {
  const { trace } = spec;
  if (trace === undefined) return new OpenArrivals(spec, streams);
  const file =
    options.baseFolder === undefined ? trace.path : resolve(options.baseFolder, trace.path);
  const format = trace.format ?? (isFolder(file) ? "servegen" : undefined);
  return new TraceArrivals(spec, streams, { file, format, skipBadRows: options.skipBadRows });
};

/** A missing path is none: reading it reports the fault. */
const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
