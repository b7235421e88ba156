import type { NetworkSpec } from "../../serving/stage/NetworkStage.ts";
import { SHARE } from "../../units/Share.ts";
import type { Network } from "../schema/Network.ts";
import { decodeDistribution, DURATIONS } from "./decodeDistribution.ts";
import type { At, Decoding } from "./Decoding.ts";

/** Turns the way between clients and gateway into numbers. */
export const decodeNetwork = (decoding: Decoding, at: At<typeof Network.Type>): NetworkSpec => ({
  latency: decoding.field(at, "latency", (latency) => decodeDistribution(decoding, latency, DURATIONS)) ?? { kind: "fixed", value: 0 },
  lossRatio: decoding.field(at, "loss", (loss) => decoding.quantity(SHARE, loss)) ?? 0,
});
