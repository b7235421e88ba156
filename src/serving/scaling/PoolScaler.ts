import type { Actor, Kernel } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Autoscaler } from "../../policy/scaling/Autoscaler.ts";
import type { Lifecycle } from "../Lifecycle.ts";
import type { AutoscaleSpec } from "./AutoscaleSpec.ts";
import type { PoolWatch } from "./PoolWatch.ts";

export interface PoolScalerOptions {
  readonly spec: AutoscaleSpec;
  /** Wanted at the beginning. */
  readonly initial: number;
  readonly autoscaler: Autoscaler;
  readonly watch: PoolWatch;
  readonly kernel: Kernel;
  readonly lifecycle: Lifecycle;
  /** Numbers of the pool's replicas in the fleet. */
  readonly replicas: ReadonlyArray<number>;
  readonly decided: (from: number, to: number) => void;
}

/**
 * Asks the autoscaler at fixed intervals, and starts or drains replicas until there are as many as it wants. Those that are not ready go first,
 * then the youngest, as a ReplicaSet of Kubernetes deletes pods. A draining replica keeps its machine: more than the maximum never run.
 */
export class PoolScaler implements Actor {
  declare private readonly of: PoolScalerOptions;
  declare private readonly actor: number;
  declare private readonly startedMs: Float64Array;
  declare private wanted: number;

  constructor(of: PoolScalerOptions) {
    this.of = of;
    this.wanted = of.initial;
    this.startedMs = new Float64Array(of.replicas.length);
    this.actor = of.kernel.join(this);
  }

  /** The first decision is one interval from now. */
  begin(): void {
    const { kernel, spec } = this.of;
    kernel.post(kernel.now + spec.intervalMs, this.actor, 0, 1, Phase.Control);
  }

  wake(_op: number, count: number): void {
    const { spec, autoscaler, watch, kernel, decided } = this.of;
    const asked = autoscaler.decide(watch.look(this.wanted), kernel.now);
    const wanted = Math.min(spec.maxReplicas, Math.max(spec.minReplicas, asked));
    if (wanted !== this.wanted) decided(this.wanted, wanted);
    this.wanted = wanted;
    this.reconcile();
    watch.remember();
    kernel.post((count + 1) * spec.intervalMs, this.actor, 0, count + 1, Phase.Control);
  }

  private reconcile(): void {
    const { replicas, lifecycle } = this.of;
    const present = replicas.map((_, i) => i).filter((i) => !LEAVING.has(lifecycle.state(replicas[i]!)));
    if (present.length < this.wanted) this.start(this.wanted - present.length);
    else if (present.length > this.wanted) this.drain(present, present.length - this.wanted);
  }

  private start(missing: number): void {
    const { replicas, lifecycle, kernel } = this.of;
    let left = missing;
    for (let i = 0; i < replicas.length && left > 0; i++) {
      if (lifecycle.state(replicas[i]!) !== "off") continue;
      this.startedMs[i] = kernel.now;
      lifecycle.start(replicas[i]!);
      left--;
    }
  }

  private drain(present: ReadonlyArray<number>, surplus: number): void {
    const { replicas, lifecycle } = this.of;
    const isReady = (i: number): number => (lifecycle.state(replicas[i]!) === "ready" ? 1 : 0);
    const order = present.toSorted((x, y) => isReady(x) - isReady(y) || this.startedMs[y]! - this.startedMs[x]! || y - x);
    for (const i of order.slice(0, surplus)) lifecycle.drain(replicas[i]!);
  }
}

const LEAVING: ReadonlySet<string | undefined> = new Set(["off", "draining"]);
