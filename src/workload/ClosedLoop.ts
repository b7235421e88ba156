import type { Sampler } from "../kernel/Sampler.ts";
import type { Draws, Streams } from "../kernel/Streams.ts";
import { classPath } from "./ArrivalTimes.ts";
import { RequestLengths } from "./RequestLengths.ts";
import { samplerOf } from "./SamplerOf.ts";
import type { TrafficClassSpec } from "./TrafficSpec.ts";

/** Ids are 32-bit; past this many requests of one class they start again. */
const ID_SPAN = 2 ** 31;

/**
 * A closed loop of users: each sends a request, waits for its answer, thinks, and sends the next. The simulation posts
 * those; here are the start times, the think times and the ids. Streams: "user think" besides those of the lengths.
 */
export class ClosedLoop {
  declare readonly users: number;
  declare readonly lengths: RequestLengths;
  declare private readonly rampUpMs: number;
  declare private readonly think: Sampler;
  declare private readonly draws: Draws;

  /** Throws RangeError for a class without a closed loop. */
  constructor(spec: TrafficClassSpec, streams: Streams) {
    const { arrivals } = spec;
    if (arrivals?.kind !== "closed") throw new RangeError(`class ${spec.name} has no closed loop`);
    if (!(Number.isInteger(arrivals.users) && arrivals.users >= 1)) {
      throw new RangeError(`class ${spec.name}: users ${arrivals.users} is not an integer >= 1`);
    }
    this.users = arrivals.users;
    this.rampUpMs = arrivals.rampUpMs;
    this.think = samplerOf(arrivals.think);
    this.draws = streams.open(classPath(spec.name), "user think");
    this.lengths = new RequestLengths(spec, streams);
  }

  /** When user 0..users-1 sends its first request, in ms: evenly over the ramp-up. */
  startMs(user: number): number {
    return (this.rampUpMs * user) / this.users;
  }

  /** Class-local id of request k = 0, 1, ... of a user: a user's luck does not depend on how fast the others are. */
  requestId(user: number, k: number): number {
    return (k * this.users + user) % ID_SPAN;
  }

  /** Think time in ms, at least 0, between the answer to request k and request k + 1 of a user. */
  thinkMs(user: number, k: number): number {
    return Math.max(0, this.think.sample(this.draws.at(this.requestId(user, k))));
  }
}
