import * as Context from "effect/Context";
import type { Kernel } from "../kernel/Kernel.ts";
import type { Streams } from "../kernel/Streams.ts";
import type { Attempts } from "./Attempts.ts";
import type { Requests } from "./Requests.ts";

/** What every component of one simulated world shares: the event loop, named randomness, and the tables of requests and attempts. */
export class Simulation extends Context.Service<
  Simulation,
  {
    readonly kernel: Kernel;
    readonly streams: Streams;
    readonly requests: Requests;
    readonly attempts: Attempts;
  }
>()("spillway/Simulation") {}
