import { requireSetting, SettingFault } from "../SettingFault.ts";
import type { Autoscaler, ScaleObservation } from "./Autoscaler.ts";
import type { ReplicaTargetSettings } from "./ReplicaTarget.ts";
import { ReplicaTarget } from "./ReplicaTarget.ts";
import { TimedLog } from "./TimedLog.ts";

/** At most so much change within a period: replicas, or a share of those at its start (1 doubles, or takes all away). */
export interface ScalePolicy {
  readonly kind: "replicas" | "ratio";
  readonly value: number;
  readonly periodMs: number;
}

export interface ScaleRules {
  /** Up: the least, down: the most that was wanted in this time counts. */
  readonly stabilizationMs: number;
  readonly policies: ReadonlyArray<ScalePolicy>;
  /** Which policy counts: the one that allows most change, or least; or no change in this direction. */
  readonly select: "max" | "min" | "disabled";
}

export interface HorizontalScalerSettings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly targets: ReadonlyArray<ReplicaTargetSettings>;
  /** 0.1 in Kubernetes. */
  readonly tolerance: number;
  readonly scaleUp: ScaleRules;
  readonly scaleDown: ScaleRules;
}

/** Kubernetes' rules where nothing is said: up 4 replicas or double each 15 s at once, down as far as wanted over the last 5 minutes. */
export const KUBERNETES_RULES: Pick<HorizontalScalerSettings, "scaleUp" | "scaleDown" | "tolerance"> = {
  tolerance: 0.1,
  scaleUp: {
    stabilizationMs: 0,
    policies: [
      { kind: "replicas", value: 4, periodMs: 15_000 },
      { kind: "ratio", value: 1, periodMs: 15_000 },
    ],
    select: "max",
  },
  scaleDown: { stabilizationMs: 300_000, policies: [{ kind: "ratio", value: 1, periodMs: 15_000 }], select: "max" },
};

const LONGEST_MS = 3_600_000;
const LONGEST_PERIOD_MS = 1_800_000;

/**
 * The Kubernetes horizontal pod autoscaler, version autoscaling/v2: the largest of what the targets want, stabilized over windows, with a bounded speed.
 * When a target knows nothing and the others want fewer, nothing changes; a pool of 0 is left alone. O(targets * replicas + decisions in the windows).
 * Source: Kubernetes 1.34, horizontal.go (normalizeDesiredReplicasWithBehaviors), and "Horizontal Pod Autoscaling", kubernetes.io.
 */
export class HorizontalScaler implements Autoscaler {
  readonly name = "horizontal";
  readonly #settings: HorizontalScalerSettings;
  readonly #targets: ReadonlyArray<ReplicaTarget>;
  readonly #recommended: TimedLog;
  readonly #changes = new TimedLog(LONGEST_PERIOD_MS);
  #begun = false;

  /** Throws SettingFault. */
  constructor(settings: HorizontalScalerSettings) {
    requireSetting("autoscaler.minReplicas", settings.minReplicas, { least: 1, whole: true });
    requireSetting("autoscaler.maxReplicas", settings.maxReplicas, { least: settings.minReplicas, most: 2 ** 30, whole: true });
    if (settings.targets.length === 0) throw new SettingFault("autoscaler.targets", "at least one target", "none");
    this.#targets = settings.targets.map((target) => new ReplicaTarget(target, settings.tolerance));
    checkRules("autoscaler.scaleUp", settings.scaleUp);
    checkRules("autoscaler.scaleDown", settings.scaleDown);
    this.#settings = settings;
    this.#recommended = new TimedLog(Math.max(settings.scaleUp.stabilizationMs, settings.scaleDown.stabilizationMs));
  }

  decide(seen: ScaleObservation, nowMs: number): number {
    const current = seen.replicas;
    if (current === 0) return 0;
    // What is there at first counts as wanted, as recordInitialRecommendation has it.
    if (!this.#begun) this.#recommended.add(current, nowMs);
    this.#begun = true;
    const next = this.#next(seen, nowMs);
    this.#changes.add(next - current, nowMs);
    return next;
  }

  #next(seen: ScaleObservation, nowMs: number): number {
    const { minReplicas, maxReplicas } = this.#settings;
    if (seen.replicas > maxReplicas) return maxReplicas;
    if (seen.replicas < minReplicas) return minReplicas;
    const wanted = this.#wanted(seen);
    if (Number.isNaN(wanted)) return seen.replicas;
    const stable = this.#stabilize(seen.replicas, wanted, nowMs);
    return this.#limitSpeed(seen.replicas, stable, nowMs);
  }

  /** NaN: not known. */
  #wanted(seen: ScaleObservation): number {
    let most = 0;
    let blind = false;
    for (const target of this.#targets) {
      const wanted = target.wanted(seen);
      if (Number.isNaN(wanted)) blind = true;
      else most = Math.max(most, wanted);
    }
    return blind && most < seen.replicas ? NaN : most;
  }

  #stabilize(current: number, wanted: number, nowMs: number): number {
    const { scaleUp, scaleDown } = this.#settings;
    const least = this.#recommended.extreme(wanted, 1, scaleUp.stabilizationMs, nowMs);
    const most = this.#recommended.extreme(wanted, -1, scaleDown.stabilizationMs, nowMs);
    this.#recommended.add(wanted, nowMs);
    return Math.min(most, Math.max(least, current));
  }

  #limitSpeed(current: number, wanted: number, nowMs: number): number {
    const { minReplicas, maxReplicas, scaleUp, scaleDown } = this.#settings;
    if (wanted > current) return Math.min(wanted, maxReplicas, Math.max(current, this.#limit(1, scaleUp, current, nowMs)));
    return Math.max(wanted, minReplicas, Math.min(current, this.#limit(-1, scaleDown, current, nowMs)));
  }

  /** Where the policies let the pool go now; `sign` 1 is up. */
  #limit(sign: 1 | -1, rules: ScaleRules, current: number, nowMs: number): number {
    if (rules.select === "disabled") return current;
    const favorsMore = (rules.select === "max") === (sign === 1);
    let limit = favorsMore ? -Infinity : Infinity;
    for (const { kind, value, periodMs } of rules.policies) {
      const start = current - this.#changes.sum(periodMs, nowMs);
      const reached = kind === "replicas" ? start + sign * value : start * (1 + sign * value);
      const whole = sign === 1 ? Math.ceil(reached) : Math.trunc(reached);
      limit = favorsMore ? Math.max(limit, whole) : Math.min(limit, whole);
    }
    return limit;
  }
}

function checkRules(where: string, rules: ScaleRules): void {
  requireSetting(`${where}.stabilizationMs`, rules.stabilizationMs, { least: 0, most: LONGEST_MS });
  if (rules.policies.length === 0) throw new SettingFault(`${where}.policies`, "at least one policy", "none");
  rules.policies.forEach(({ kind, value, periodMs }, i) => {
    requireSetting(`${where}.policies[${i}].value`, value, { above: 0, whole: kind === "replicas" });
    requireSetting(`${where}.policies[${i}].periodMs`, periodMs, { above: 0, most: LONGEST_PERIOD_MS });
  });
}
