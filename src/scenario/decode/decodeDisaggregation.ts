import type { DisaggregationSpec } from "../../serving/DisaggregationSpec.ts";
import { findModel } from "../../serving/catalog/Models.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import { TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Disaggregation } from "../schema/Disaggregation.ts";
import type { At, Decoding } from "./Decoding.ts";

/** Turns the way from prefill to decode into numbers, and checks that there are pools of both roles. */
export const decodeDisaggregation = (
  decoding: Decoding,
  at: At<typeof Disaggregation.Type>,
  fleet: ReadonlyArray<PoolSpec>,
): DisaggregationSpec => {
  const { link, layerwise = DEFAULTS.disaggregation.layerwise, decider } = at.value;
  const path = [...at.path, "link"];
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
  const layers = Math.min(...fleet.filter(({ role }) => role === "prefill").map((pool) => findModel(pool.model)?.layers ?? NaN));
  if (layerwise && Number.isNaN(layers)) {
    decoding.reject({
      path: [...at.path, "layerwise"],
      constraint: "must be false for a model that is not in the catalog",
      hint: "its layers are not known",
    });
  }
  return {
    link: {
      bytesPerMs: decoding.quantity(BANDWIDTH, { value: link.bandwidth, path: [...path, "bandwidth"] }, { above: 0 }) / 1000,
      latencyMs: decoding.quantity(DURATION, { value: link.latency ?? DEFAULTS.disaggregation.latency, path: [...path, "latency"] }),
    },
    visibleRatio: layerwise ? 1 / layers : 1,
    promptLongerThan:
      decider === undefined
        ? 0
        : decoding.quantity(TOKENS, { value: decider.promptLongerThan, path: [...at.path, "decider", "promptLongerThan"] }),
  };
};
