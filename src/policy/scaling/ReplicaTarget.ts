import { requireSetting } from "../SettingFault.ts";
import type { ScaleObservation } from "./Autoscaler.ts";

/** What is held near a value: a mean per replica that reports it, or a total of the pool divided by its replicas. */
export interface ReplicaTargetSettings {
  readonly metric: "utilization" | "concurrency" | "tokensPerSecond" | "queueLength";
  readonly value: number;
}

/**
 * Replicas that bring one metric to its target, as the Kubernetes horizontal pod autoscaler counts: ceil(present * metric / target), nothing within the tolerance.
 * Replicas that start count with 0 when the rest asks for more; silent ones with 0 then, and with the target when it asks for fewer; if that turns the
 * direction, nothing changes. NaN when nobody reports. O(count). Source: Kubernetes 1.34, replica_calculator.go.
 */
export class ReplicaTarget {
  readonly #settings: ReplicaTargetSettings;
  readonly #tolerance: number;

  /** Throws SettingFault. */
  constructor(settings: ReplicaTargetSettings, tolerance: number) {
    requireSetting(`autoscaler.targets.${settings.metric}`, settings.value, { above: 0 });
    this.#tolerance = requireSetting("autoscaler.tolerance", tolerance, { least: 0, most: 1 });
    this.#settings = settings;
  }

  wanted(seen: ScaleObservation): number {
    const { metric } = this.#settings;
    if (metric === "queueLength") return this.#ofTotal(seen.queueLength, seen.replicas);
    return this.#ofReplicas(seen[metric], seen);
  }

  #ofTotal(total: number, replicas: number): number {
    const { value } = this.#settings;
    return this.#isNear(total / (value * replicas)) ? replicas : Math.ceil(total / value);
  }

  #ofReplicas(column: Float64Array, seen: ScaleObservation): number {
    const { value } = this.#settings;
    let sum = 0;
    let reporting = 0;
    let silent = 0;
    let starting = 0;
    for (let replica = 0; replica < seen.count; replica++) {
      const sample = column[replica]!;
      if (seen.ready[replica] === 0) starting++;
      else if (Number.isNaN(sample)) silent++;
      else {
        sum += sample;
        reporting++;
      }
    }
    if (reporting === 0) return NaN;
    const ratio = sum / (reporting * value);
    const grows = ratio > 1;
    if (silent === 0 && !(grows && starting > 0)) return this.#isNear(ratio) ? seen.replicas : Math.ceil(ratio * reporting);
    const counted = reporting + silent + (grows ? starting : 0);
    return this.#cautious(ratio, (sum + (ratio < 1 ? silent * value : 0)) / (counted * value), counted, seen.replicas);
  }

  #cautious(ratio: number, careful: number, counted: number, replicas: number): number {
    const turned = ratio > 1 && careful < 1;
    if (turned || this.#isNear(careful)) return replicas;
    const wanted = Math.ceil(careful * counted);
    return careful < 1 ? Math.min(wanted, replicas) : Math.max(wanted, replicas);
  }

  #isNear(ratio: number): boolean {
    return ratio >= 1 - this.#tolerance && ratio <= 1 + this.#tolerance;
  }
}
