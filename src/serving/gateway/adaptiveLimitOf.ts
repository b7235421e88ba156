import type { AdaptiveLimit } from "../../policy/concurrency/AdaptiveLimit.ts";
import type { AimdSettings } from "../../policy/concurrency/Aimd.ts";
import { Aimd } from "../../policy/concurrency/Aimd.ts";
import type { BreakwaterSettings } from "../../policy/concurrency/Breakwater.ts";
import { Breakwater } from "../../policy/concurrency/Breakwater.ts";
import type { Gradient2Settings } from "../../policy/concurrency/Gradient2.ts";
import { Gradient2 } from "../../policy/concurrency/Gradient2.ts";
import type { VegasSettings } from "../../policy/concurrency/Vegas.ts";
import { Vegas } from "../../policy/concurrency/Vegas.ts";

/** A limit of attempts in flight that follows how they end, by name, with its settings. */
export type AdaptiveLimitSpec =
  | ({ readonly kind: "aimd" } & AimdSettings)
  | ({ readonly kind: "vegas" } & VegasSettings)
  | ({ readonly kind: "gradient2" } & Gradient2Settings)
  | ({ readonly kind: "breakwater" } & BreakwaterSettings);

/** The limit that a specification describes. Throws SettingFault. */
export const adaptiveLimitOf = (spec: AdaptiveLimitSpec): AdaptiveLimit => {
  switch (spec.kind) {
    case "aimd":
      return new Aimd(spec);
    case "vegas":
      return new Vegas(spec);
    case "gradient2":
      return new Gradient2(spec);
    case "breakwater":
      return new Breakwater(spec);
  }
};
