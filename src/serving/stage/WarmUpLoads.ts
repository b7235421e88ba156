import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import { planWarmUp } from "../../policy/caching/WarmUp.ts";
import { contentKeyOf } from "../../workload/contentKeyOf.ts";
import { idOfContent, RequestLengths } from "../../workload/RequestLengths.ts";
import { prefixKeyOf } from "../../workload/prefixKeyOf.ts";
import { toTokens } from "../../workload/SamplerOf.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Simulation } from "../Simulation.ts";
import type { CacheSpec, WarmUpSpec } from "./CacheSpec.ts";

const NONE = -1;

export interface WarmUpLoadsOptions {
  readonly spec: CacheSpec;
  readonly warmUp: WarmUpSpec;
  readonly classes: ReadonlyArray<TrafficClassSpec>;
  readonly simulation: typeof Simulation.Service;
  /** Whether the cache wants the content. */
  readonly wanted: (key: number) => boolean;
  /** Takes the attempt that loads what was wanted just now. */
  readonly send: (attempt: number) => void;
}

/** Sends the loads of a warm-up plan, one after the other, with the lengths that users will ask for. */
export class WarmUpLoads implements Actor {
  declare private readonly options: WarmUpLoadsOptions;
  declare private readonly classIndex: number;
  declare private readonly lengths: RequestLengths;
  declare private readonly keys: Int32Array;
  private at = 0;

  constructor(options: WarmUpLoadsOptions) {
    this.options = options;
    const { spec, warmUp, classes, simulation } = options;
    this.classIndex = classes.findIndex(({ name }) => name === warmUp.className);
    const traffic = classes[this.classIndex]!;
    this.lengths = new RequestLengths(traffic, simulation.streams);
    const { contents, zipf } = traffic.repeat!;
    const plan = planWarmUp({
      // The hottest come first: no more of them than fit can be wanted.
      demand: Float64Array.from({ length: Math.min(contents, spec.maxEntries) }, (_, rank) => (rank + 1) ** -zipf),
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

  wake(): void {
    const { simulation, wanted, send } = this.options;
    const { attempts } = simulation;
    const content = this.keys[this.at++]!;
    const id = idOfContent(content);
    const key = contentKeyOf(this.classIndex, content);
    if (!wanted(key)) return;
    const attempt = attempts.open(this.request(id), this.classIndex);
    const prefixId = this.lengths.prefix(id);
    attempts.contentKey.at[attempt] = key;
    attempts.promptTokens.at[attempt] = toTokens(this.lengths.prefixTokens + this.lengths.prompt(id));
    attempts.outputTokens.at[attempt] = this.lengths.output(id);
    attempts.prefixKey.at[attempt] = prefixId < 0 ? 0 : prefixKeyOf(this.classIndex, prefixId);
    attempts.prefixTokens.at[attempt] = this.lengths.prefixTokens;
    attempts.streamKey.at[attempt] = key;
    attempts.traceBlockTokens.at[attempt] = 1;
    attempts.traceKeys.set(attempt, undefined);
    send(attempt);
  }

  /** A request that nobody made: its draws are the content's, and it has no outcome. */
  private request(id: number): number {
    const { requests } = this.options.simulation;
    const request = requests.take();
    requests.active.at[request] = 0;
    requests.attempt.at[request] = NONE;
    requests.retry.at[request] = NONE;
    requests.classIndex.at[request] = this.classIndex;
    requests.number.at[request] = id;
    requests.tries.at[request] = 1;
    requests.turn.at[request] = 0;
    requests.turnsLeft.at[request] = 0;
    requests.user.at[request] = NONE;
    return request;
  }
}
