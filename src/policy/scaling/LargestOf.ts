import type { Autoscaler, ScaleObservation } from "./Autoscaler.ts";

/** The most that any of several autoscalers wants: a schedule or a forecast as a floor under a reactive one. Each of them sees every observation. */
export class LargestOf implements Autoscaler {
  readonly name = "largestOf";
  readonly #scalers: ReadonlyArray<Autoscaler>;

  constructor(scalers: ReadonlyArray<Autoscaler>) {
    this.#scalers = scalers;
  }

  decide(seen: ScaleObservation, nowMs: number): number {
    let most = 0;
    for (const scaler of this.#scalers) most = Math.max(most, scaler.decide(seen, nowMs));
    return most;
  }
}
