import type { Streams } from "../kernel/Streams.ts";
import { OpenArrivals } from "./OpenArrivals.ts";
import { TraceArrivals } from "./trace/TraceArrivals.ts";
import type { TraceOptions } from "./trace/TraceArrivals.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/**
 * The arrivals of a class that does not wait for completions: those of its trace if it has one, else those of its process.
 * A trace must be refilled before its first next(). Throws RangeError for a closed loop and for parameters that cannot be.
 */
export const arrivalSourceOf = (spec: TrafficClassSpec, streams: Streams, options: TraceOptions): OpenArrivals | TraceArrivals =>
  spec.trace === undefined ? new OpenArrivals(spec, streams) : new TraceArrivals(spec, streams, options);
