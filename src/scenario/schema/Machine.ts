import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { positive } from "./PlainSchema.ts";
import { bandwidth, bytes, duration } from "./Quantities.ts";

const { frontend, port, disk, startup } = DEFAULTS;

/** The API server beside the engine. */
export const Frontend = Schema.Struct({
  cores: positive("CPU cores that tokenization, detokenization and HTTP share."),
  perRequest: Schema.optionalKey(duration("CPU time per request", { default: frontend.perRequest })),
  perPromptToken: Schema.optionalKey(duration("CPU time per token of a prompt", { default: frontend.perPromptToken })),
  perStreamedToken: Schema.optionalKey(duration("CPU time per token that is streamed out", { default: frontend.perStreamedToken })),
}).annotate({
  identifier: "Frontend",
  description:
    "The API server of each replica, on CPU cores of its own: prompts wait for it before they reach the engine, streamed tokens queue for it. In place of the default of engine.requestOverhead.",
  examples: [{ cores: 4, perStreamedToken: "0.05ms" }],
});

/** The network port of a replica. */
export const Port = Schema.Struct({
  bandwidth: bandwidth("Bandwidth of the port, each way"),
  perPromptToken: Schema.optionalKey(bytes("Bytes received per token of a prompt", { default: port.perPromptToken })),
  perStreamedToken: Schema.optionalKey(bytes("Bytes sent per streamed token: one server-sent event", { default: port.perStreamedToken })),
}).annotate({
  identifier: "Port",
  description: "The network port of each replica, towards the gateway.",
  examples: [{ bandwidth: "10Gbit/s" }],
});

/** The disk of a replica. */
export const Disk = Schema.Struct({
  bandwidth: bandwidth("Write bandwidth"),
  capacity: bytes("Free space at the start; a full disk refuses requests, which fail"),
  logPerRequest: Schema.optionalKey(bytes("Written at the end of each request, and kept", { default: disk.logPerRequest })),
  temporaryPerRequest: Schema.optionalKey(
    bytes("Written before a prompt reaches the engine, deleted when its request is over", { default: disk.temporaryPerRequest }),
  ),
}).annotate({
  identifier: "Disk",
  description: "The disk of each replica.",
  examples: [{ bandwidth: "1GB/s", capacity: "500GB" }],
});

/** From off to ready. */
export const Startup = Schema.Struct({
  imagePull: Schema.optionalKey(
    oneKey({
      time: duration("How long the download of the container image takes"),
      download: Schema.Struct({ size: bytes("Size of the image"), bandwidth: bandwidth("Of the registry") }).annotate({
        description: "How much is downloaded, and how fast.",
      }),
    }).annotate({ description: "Download of the container image, on a machine that was off: exactly one of time, download." }),
  ),
  weightSize: Schema.optionalKey(bytes("Weights of one replica; the catalog's by default")),
  weightBandwidth: Schema.optionalKey(bandwidth("At which a replica reads its weights; by default they take no time")),
  compile: Schema.optionalKey(duration("Compilation and graph capture", { default: startup.compile })),
  warmup: Schema.optionalKey(duration("Warm-up requests", { default: startup.warmup })),
  drainTimeout: Schema.optionalKey(
    duration("What is in flight so long after the start of a drain fails", { default: startup.drainTimeout }),
  ),
}).annotate({
  identifier: "Startup",
  description:
    "How replicas come to life: image, weights, compilation, warm-up. With it they come back from faults only when that is over, can be drained, and can be off.",
  examples: [{ imagePull: { time: "1m" }, weightBandwidth: "2GB/s", compile: "40s" }],
});
