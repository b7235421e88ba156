import type { Streams } from "../kernel/Streams.ts";
import { ArrivalTimes, classPath } from "./ArrivalTimes.ts";
import { emptyDraft } from "./RequestDraft.ts";
import type { ArrivalSource, RequestDraft } from "./RequestDraft.ts";
import { RequestLengths } from "./RequestLengths.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/** The arrivals of an open-loop class: times in sequence, lengths by the number of the request within the class. */
export class OpenArrivals implements ArrivalSource {
  readonly draft: RequestDraft = emptyDraft();
  declare readonly lengths: RequestLengths;
  declare private readonly times: ArrivalTimes;
  private id = 0;

  /** Throws RangeError for a class without open-loop arrivals or with distributions that cannot be. */
  constructor(spec: TrafficClassSpec, streams: Streams) {
    if (spec.arrivals === undefined || spec.arrivals.kind === "closed") {
      throw new RangeError(`class ${spec.name} has no open-loop arrivals`);
    }
    this.times = new ArrivalTimes(spec.arrivals, spec.spikes, streams, classPath(spec.name));
    this.lengths = new RequestLengths(spec, streams);
  }

  next(): number {
    const atMs = this.times.next();
    if (atMs < Infinity) this.lengths.fill(this.draft, this.id++);
    return atMs;
  }
}
