import type { OutlierSettings, RouterChoice, SlowStartSettings } from "../../policy/routing/index.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { Gateway } from "../schema/Gateway.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";

type GatewayInput = typeof Gateway.Type;
type RouterInput = NonNullable<GatewayInput["router"]>;
type SettingsOf<K extends string> = Extract<RouterInput, { readonly [P in K]: unknown }>[K];

/** A router by its name, with defaults, or by its settings. */
export const decodeRouter = (decoding: Decoding, at: At<RouterInput>): RouterChoice => {
  const { value } = at;
  const settings = typeof value === "string" ? { kind: value, at: { value: {}, path: at.path } } : keyOf(value, at);
  switch (settings.kind) {
    case "prefixAffinity":
      return { kind: settings.kind, loadFactor: (settings.at as At<SettingsOf<"prefixAffinity">>).value.loadFactor ?? DEFAULTS.loadFactor };
    case "consistentHash":
      return ringOf((settings.at as At<SettingsOf<"consistentHash">>).value);
    case "nginx":
    case "leastConnections":
      return { kind: settings.kind, ...decodeChecks(decoding, settings.at as At<SettingsOf<"nginx">>) };
    case "ewma":
    case "peakEwma":
      return {
        kind: settings.kind,
        decayMs: durationOf(decoding, settings.at as At<SettingsOf<"ewma">>, "decay", DEFAULTS.ewmaDecay, { above: 0 }),
      };
    default:
      return { kind: settings.kind };
  }
};

/** What warms up replicas that join. */
export const decodeSlowStart = (decoding: Decoding, at: At<NonNullable<GatewayInput["slowStart"]>>): SlowStartSettings => ({
  windowMs: decoding.number(at, "window", NaN, (written) => decoding.quantity(DURATION, written, { above: 0 })),
  aggression: at.value.aggression ?? DEFAULTS.slowStart.aggression,
  minimumRatio: decoding.number(at, "minimum", DEFAULTS.slowStart.minimum, (written) => decoding.quantity(SHARE, written, { above: 0 })),
});

/** What takes failing replicas out. */
export const decodeOutliers = (decoding: Decoding, at: At<NonNullable<GatewayInput["outlierEjection"]>>): OutlierSettings => {
  const { outlier } = DEFAULTS;
  const settings = {
    consecutiveFailures: decoding.number(at, "consecutiveFailures", outlier.consecutiveFailures, (written) =>
      decoding.quantity(COUNT, written, { minimum: 1, maximum: 2 ** 30, whole: true }),
    ),
    sweepMs: durationOf(decoding, at, "sweep", outlier.sweep, { above: 0 }),
    baseEjectionMs: durationOf(decoding, at, "baseEjection", outlier.baseEjection, { above: 0 }),
    maxEjectionMs: durationOf(decoding, at, "maxEjection", outlier.maxEjection, { above: 0 }),
    maxEjectedRatio: decoding.number(at, "maxEjected", outlier.maxEjected, (written) => decoding.quantity(SHARE, written)),
    panicRatio: decoding.number(at, "panic", outlier.panic, (written) => decoding.quantity(SHARE, written)),
  };
  if (settings.maxEjectionMs < settings.baseEjectionMs) {
    const path = [...at.path, "maxEjection"];
    decoding.reject({ path, constraint: "must be at least baseEjection", value: at.value.maxEjection ?? outlier.maxEjection });
  }
  return settings;
};

const keyOf = (value: Exclude<RouterInput, string>, at: At<RouterInput>) => {
  const [kind, settings] = Object.entries(value)[0]! as [RouterChoice["kind"], object];
  return { kind, at: { value: settings, path: [...at.path, kind] } };
};

const ringOf = (settings: SettingsOf<"consistentHash">): RouterChoice => ({
  kind: "consistentHash",
  loadFactor: settings.loadFactor ?? DEFAULTS.loadFactor,
  virtualNodes: settings.virtualNodes ?? DEFAULTS.virtualNodes,
});

const decodeChecks = (decoding: Decoding, at: At<SettingsOf<"nginx">>) => ({
  maxFails: decoding.number(at, "maxFails", DEFAULTS.nginx.maxFails, (written) =>
    decoding.quantity(COUNT, written, { minimum: 0, maximum: UNLIMITED, whole: true }),
  ),
  failTimeoutMs: decoding.number(at, "failTimeout", parseDuration(DEFAULTS.nginx.failTimeout) as number, (written) => {
    const lengthMs = decoding.quantity(DURATION, written, { maximum: 365 * 86_400_000 });
    if (lengthMs % 1000 > 0) decoding.reject({ path: written.path, constraint: "must be whole seconds", value: written.value });
    return lengthMs;
  }),
});
