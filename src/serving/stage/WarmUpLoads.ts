import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import { planWarmUp } from "../../policy/caching/WarmUp.ts";
import { contentKeyOf } from "../../workload/contentKeyOf.ts";
import { idOfContent, RequestLengths } from "../../workload/RequestLengths.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Simulation } from "../Simulation.ts";
import type { CacheSpec, WarmUpSpec } from "./CacheSpec.ts";

export interface WarmUpLoadsOptions {
  readonly spec: CacheSpec;
  readonly warmUp: WarmUpSpec;
  readonly classes: ReadonlyArray<TrafficClassSpec>;
  readonly simulation: typeof Simulation.Service;
  /** Takes an attempt of the warm-up and the key of its content. */
  readonly load: (attempt: number, key: number) => void;
}

/** Sends the loads of a warm-up plan, one after the other, with the lengths that users will ask for. */
export class WarmUpLoads implements Actor {
  private readonly options: WarmUpLoadsOptions;
  private readonly classIndex: number;
  private readonly lengths: RequestLengths;
  private readonly keys: Int32Array;

  constructor(options: WarmUpLoadsOptions) {
    this.options = options;
    const { spec, warmUp, classes, simulation } = options;
    this.classIndex = classes.findIndex(({ name }) => name === warmUp.className);
    const traffic = classes[this.classIndex]!;
    this.lengths = new RequestLengths(traffic, simulation.streams);
    const { contents, zipf } = traffic.repeat!;
    const plan = planWarmUp({
      demand: Float64Array.from({ length: contents }, (_, rank) => (rank + 1) ** -zipf),
      maxEntries: spec.maxEntries,
      loadsPerSecond: warmUp.loadsPerSecond,
      ttlMs: spec.ttlMs,
      nowMs: warmUp.fromMs,
      peakMs: warmUp.peakMs,
    });
    this.keys = plan.keys;
    const actor = simulation.kernel.join(this);
    let sent = 0;
    const next = (): number => (sent < plan.keys.length ? plan.startMs + plan.gapMs * sent++ : Infinity);
    simulation.kernel.source(next, actor, 0, 0, Phase.Arrival);
  }

  private at = 0;

  wake(): void {
    const { simulation, load } = this.options;
    const { attempts } = simulation;
    const content = this.keys[this.at++]!;
    const id = idOfContent(content);
    const key = contentKeyOf(this.classIndex, content);
    const attempt = attempts.pool.take();
    attempts.request.at[attempt] = 0;
    attempts.classIndex.at[attempt] = this.classIndex;
    attempts.copy.at[attempt] = 0;
    attempts.retryAfterMs.at[attempt] = NaN;
    attempts.contentKey.at[attempt] = key;
    attempts.promptTokens.at[attempt] = this.lengths.prefixTokens + this.lengths.prompt(id);
    attempts.outputTokens.at[attempt] = this.lengths.output(id);
    attempts.prefixKey.at[attempt] = 0;
    attempts.prefixTokens.at[attempt] = 0;
    attempts.streamKey.at[attempt] = key;
    attempts.traceBlockTokens.at[attempt] = 1;
    attempts.traceKeys[attempt] = undefined;
    load(attempt, key);
  }
}
