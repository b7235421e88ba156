import type { Streams } from "../kernel/Streams.ts";
import { ArrivalTimes, classPath } from "./ArrivalTimes.ts";
import { emptyDraft } from "./RequestDraft.ts";
import type { ArrivalSource, RequestDraft } from "./RequestDraft.ts";
import { RequestLengths } from "./RequestLengths.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/** So many arrivals are drawn at once, at most: a tight loop keeps the draws' code out of the way of the simulation's own in the processor's cache. */
const BATCH = 64;

/** The arrivals of an open-loop class: times in sequence, lengths by the number of the request within the class. */
export class OpenArrivals implements ArrivalSource {
  declare readonly lengths: RequestLengths;
  declare draft: RequestDraft;
  declare private readonly times: ArrivalTimes;
  /** What the next arrivals are: time and draft of each; `given` of `drawn` are over. */
  private readonly atMs = new Float64Array(BATCH);
  private readonly drafts = Array.from({ length: BATCH }, emptyDraft);
  private drawn = 0;
  private given = 0;
  /** Twice as many as the last time, so that never more are drawn in vain than were given. */
  private batch = 1;
  private id = 0;

  /** Throws RangeError for a class without open-loop arrivals or with distributions that cannot be. */
  constructor(spec: TrafficClassSpec, streams: Streams) {
    if (spec.arrivals === undefined || spec.arrivals.kind === "closed") {
      throw new RangeError(`class ${spec.name} has no open-loop arrivals`);
    }
    this.times = new ArrivalTimes(spec.arrivals, spec.spikes, streams, classPath(spec.name));
    this.lengths = new RequestLengths(spec, streams);
    this.draft = this.drafts[0]!;
  }

  next(): number {
    if (this.given === this.drawn) this.draw();
    const next = this.given;
    const atMs = this.atMs[next]!;
    if (atMs === Infinity) return Infinity;
    this.given = next + 1;
    this.draft = this.drafts[next]!;
    return atMs;
  }

  /** Draws the next arrivals; the end, at Infinity, is the last one. */
  private draw(): void {
    const { batch } = this;
    let drawn = 0;
    while (drawn < batch) {
      const atMs = this.times.next();
      this.atMs[drawn++] = atMs;
      if (atMs === Infinity) break;
    }
    for (let next = 0; next < drawn; next++) {
      if (this.atMs[next]! < Infinity) this.lengths.fill(this.drafts[next]!, this.id++);
    }
    this.drawn = drawn;
    this.given = 0;
    this.batch = Math.min(2 * batch, BATCH);
  }
}
