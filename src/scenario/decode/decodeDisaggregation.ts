import type { DisaggregationSpec } from "../../serving/DisaggregationSpec.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Disaggregation } from "../schema/Disaggregation.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";

type DisaggregationInput = typeof Disaggregation.Type;

/** Turns the way from prefill to decode into numbers, and checks that there are pools of both roles. */
export const decodeDisaggregation = (
  decoding: Decoding,
  at: At<DisaggregationInput>,
  fleet: ReadonlyArray<PoolSpec>,
): DisaggregationSpec => {
  const { layerwise = DEFAULTS.disaggregation.layerwise } = at.value;
  for (const role of ["prefill", "decode"] as const) {
    if (!fleet.some((pool) => pool.role === role)) {
      decoding.reject({
        path: at.path,
        constraint: `must have a pool of role ${role}`,
        hint: `write role: "${role}" in a pool of the fleet`,
        part: "key",
      });
    }
  }
  const models = new Set(fleet.filter(({ role }) => role !== undefined).map(({ model }) => model));
  if (models.size > 1) {
    decoding.reject({
      path: at.path,
      constraint: "must have pools of the same model",
      value: [...models],
      hint: "the KV cache of one model means nothing to another",
      part: "key",
    });
  }
  const layers = Math.min(...fleet.filter(({ role }) => role === "prefill").map((pool) => pool.knownModel?.layers ?? NaN));
  if (layerwise && Number.isNaN(layers)) {
    decoding.reject({
      path: [...at.path, "layerwise"],
      constraint: "must be false for a model that is not in the catalog",
      hint: "its layers are not known",
    });
  }
  return {
    link: decoding.group(at, "link", (link) => decodeLink(decoding, link)) ?? { bytesPerMs: NaN, latencyMs: NaN },
    visibleRatio: layerwise ? 1 / layers : 1,
    ...(decoding.group(at, "decider", (decider) => decodeDecider(decoding, decider)) ?? ALL),
  };
};

type Decider = Pick<DisaggregationSpec, "promptLongerThan" | "prefillQueueBelow">;

/** Every prompt goes through a prefill pool. */
const ALL: Decider = { promptLongerThan: 0, prefillQueueBelow: Infinity };

/** Source of the rule: NVIDIA Dynamo 0.4, conditional disaggregation (max_local_prefill_length, max_prefill_queue_size). */
const decodeDecider = (decoding: Decoding, at: At<NonNullable<DisaggregationInput["decider"]>>): Decider => {
  if (Object.keys(at.value).length === 0) {
    decoding.reject({ path: at.path, constraint: "must say something", hint: "as promptLongerThan: 512, or leave it out" });
  }
  return {
    promptLongerThan: decoding.field(at, "promptLongerThan", (written) => decoding.quantity(TOKENS, written)) ?? ALL.promptLongerThan,
    prefillQueueBelow:
      decoding.field(at, "prefillQueueBelow", (written) => decoding.quantity(COUNT, written, { minimum: 1, whole: true })) ??
      ALL.prefillQueueBelow,
  };
};

const decodeLink = (decoding: Decoding, at: At<DisaggregationInput["link"]>): DisaggregationSpec["link"] => ({
  bytesPerMs: decoding.number(at, "bandwidth", NaN, (written) => decoding.quantity(BANDWIDTH, written, { above: 0 }) / 1000),
  latencyMs: durationOf(decoding, at, "latency", DEFAULTS.disaggregation.latency),
});
