import { requireSetting } from "../SettingFault.ts";
import type { Autoscaler, ScaleObservation } from "./Autoscaler.ts";
import type { SeasonalForecastSettings } from "./SeasonalForecast.ts";
import { SeasonalForecast } from "./SeasonalForecast.ts";

export interface PredictiveScalerSettings extends SeasonalForecastSettings {
  readonly slotMs: number;
  /** How far to look ahead: the time that a replica needs until it serves, and that until the next decision. */
  readonly leadMs: number;
  /** Demand that one replica serves within its targets. */
  readonly perReplicaPerSecond: number;
  /** On top of the forecast: 0.2 adds a fifth. */
  readonly marginRatio: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Demand of the season before time 0, slot by slot; absent: nothing was seen yet. */
  readonly history?: ReadonlyArray<number>;
}

/** Replicas for the highest demand forecast from now until `leadMs` from now, with a margin. Demand unknown for a slot counts as forecast. O(slots of the lead). */
export class PredictiveScaler implements Autoscaler {
  readonly name = "predictive";
  readonly #settings: PredictiveScalerSettings;
  readonly #forecast: SeasonalForecast;
  #slot = NaN;
  #sum = 0;
  #samples = 0;

  /** Throws SettingFault. */
  constructor(settings: PredictiveScalerSettings) {
    requireSetting("predictive.slotMs", settings.slotMs, { above: 0 });
    requireSetting("predictive.leadMs", settings.leadMs, { least: 0, most: settings.slotMs * settings.seasonSlots });
    requireSetting("predictive.perReplicaPerSecond", settings.perReplicaPerSecond, { above: 0 });
    requireSetting("predictive.marginRatio", settings.marginRatio, { least: 0 });
    requireSetting("predictive.minReplicas", settings.minReplicas, { least: 0, whole: true });
    requireSetting("predictive.maxReplicas", settings.maxReplicas, { least: settings.minReplicas, whole: true });
    this.#settings = settings;
    this.#forecast = new SeasonalForecast(settings);
    const { history = [] } = settings;
    if (history.length > 0)
      requireSetting("predictive.history.length", history.length, { least: settings.seasonSlots, most: settings.seasonSlots });
    for (const demand of history) this.#forecast.observe(requireSetting("predictive.history", demand, { least: 0 }));
  }

  decide(seen: ScaleObservation, nowMs: number): number {
    const { slotMs, leadMs, perReplicaPerSecond, marginRatio, minReplicas, maxReplicas } = this.#settings;
    this.#turn(Math.floor(nowMs / slotMs));
    if (!Number.isNaN(seen.offeredPerSecond)) {
      this.#sum += seen.offeredPerSecond;
      this.#samples++;
    }
    // The running slot is the first after the last that ended.
    const last = 1 + Math.floor((nowMs + leadMs) / slotMs) - this.#slot;
    let most = -1;
    for (let ahead = 1; ahead <= last; ahead++) most = Math.max(most, this.#ahead(ahead));
    if (most < 0) return seen.replicas;
    return Math.min(maxReplicas, Math.max(minReplicas, Math.ceil((most * (1 + marginRatio)) / perReplicaPerSecond)));
  }

  /** -1 when nothing is known. */
  #ahead(slots: number): number {
    const forecast = this.#forecast.ahead(slots);
    const mean = this.#samples > 0 ? this.#sum / this.#samples : -1;
    return Number.isNaN(forecast) ? mean : forecast;
  }

  #turn(slot: number): void {
    const { seasonSlots } = this.#settings;
    // No number at the first decision: then no slot has ended.
    const passed = slot - this.#slot;
    // Beyond a season of silence every slot would repeat itself; the time of the season goes on.
    const ended = passed > seasonSlots ? seasonSlots + (passed % seasonSlots) : passed;
    for (let turn = 0; turn < ended; turn++) this.#end();
    this.#slot = slot;
  }

  #end(): void {
    const value = this.#samples > 0 ? this.#sum / this.#samples : this.#forecast.ahead(1);
    this.#forecast.observe(Number.isNaN(value) ? 0 : value);
    this.#sum = 0;
    this.#samples = 0;
  }
}
