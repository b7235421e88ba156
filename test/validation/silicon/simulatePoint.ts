import { Kernel, Phase } from "../../../src/kernel/Kernel.ts";
import { TimeGrid } from "../../../src/kernel/TimeGrid.ts";
import { Attempts } from "../../../src/serving/Attempts.ts";
import { closedLoopLengths } from "../../../src/serving/calibration/closedLoopLengths.ts";
import type { ClosedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import type { RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineOverhead } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineForm } from "../../../src/serving/catalog/RooflineForm.ts";
import { BlockLists } from "../../../src/serving/engine/BlockLists.ts";
import type { Engine, EngineListener } from "../../../src/serving/engine/Engine.ts";
import { engineOf } from "../../../src/serving/engine/engineOf.ts";
import { DelayedReplica } from "../../../src/serving/machine/DelayedReplica.ts";
import type { SchedulingSpec } from "../../../src/serving/SchedulingSpec.ts";
import type { EngineSpec } from "../../../src/serving/ServingSpec.ts";
import type { SiliconPoint } from "./SiliconPoint.ts";

const BLOCK_TOKENS = 16;
const MAX_WAITING = 1_000_000;
const EVENTS = 20_000;

/** A point's closed loop, request by request on the engine that `run` has, with or without the time before it. */
export const simulatePoint = (
  point: SiliconPoint,
  factors: RooflineFactors,
  { isDelayed }: { readonly isDelayed: boolean },
): ClosedLoopPoint => {
  const kernel = new Kernel({ grid: TimeGrid.forHorizon(2 ** 28) });
  const attempts = new Attempts();
  const loop = new Loop(point, kernel, attempts);
  const engine = engineOf({
    engine: engineSpec(point, factors),
    kernel,
    attempts,
    blockLists: new BlockLists(),
    classes: 1,
    listener: loop,
  });
  const overhead = rooflineOverhead(point.shape.engine, factors);
  const around = { overhead, kernel, attempts, tickets: attempts.float64(), maxWaiting: MAX_WAITING, listener: loop, engine };
  loop.start(isDelayed ? new DelayedReplica(around) : engine);
  while (kernel.runFor(EVENTS, Infinity) === "more");
  return loop.means();
};

const engineSpec = ({ gpu, model, shape, load }: SiliconPoint, factors: RooflineFactors): EngineSpec => {
  const scheduling: SchedulingSpec | undefined =
    load.scheduling === "prefillFirst" ? { scheduler: "prefillFirst" } : load.wholePrompts === true ? { chunkedPrefill: false } : undefined;
  const kvBlocks = Math.floor(load.kvTokens! / BLOCK_TOKENS);
  return {
    maxBatchedTokens: load.maxBatchedTokens,
    maxSequences: load.concurrency,
    maxModelTokens: kvBlocks * BLOCK_TOKENS,
    blockTokens: BLOCK_TOKENS,
    kvBlocks,
    prefixCache: false,
    reserveFullPrompt: true,
    maxWaiting: MAX_WAITING,
    step: rooflineForm(gpu, model, shape, factors)!,
    ...(scheduling === undefined ? {} : { scheduling }),
  };
};

/** As many clients as the point has, each of whom sends the next request when it has the answer to the last. */
class Loop implements EngineListener {
  declare private readonly point: SiliconPoint;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly lengths: ReturnType<typeof closedLoopLengths>;
  declare private readonly actor: number;
  declare private engine: Engine;
  private sent = 0;
  private answered = 0;
  private timed = 0;
  private ttftMs = 0;
  private tpotMs = 0;

  constructor(point: SiliconPoint, kernel: Kernel, attempts: Attempts) {
    this.point = point;
    this.kernel = kernel;
    this.attempts = attempts;
    this.lengths = closedLoopLengths(point.load);
    this.actor = kernel.join({ wake: () => this.send() });
  }

  start(engine: Engine): void {
    this.engine = engine;
    for (let client = 0; client < this.point.load.concurrency; client++) this.send();
  }

  means(): ClosedLoopPoint {
    if (this.answered < this.lengths.inputs.length) throw new RangeError(`${this.answered} requests were answered`);
    return { ttftMs: this.ttftMs / this.answered, tpotMs: this.tpotMs / Math.max(1, this.timed) };
  }

  firstToken(): void {}

  finished(attempt: number): void {
    const { attempts, kernel } = this;
    const firstMs = attempts.firstTokenMs.at[attempt]!;
    const gaps = attempts.outputTokens.at[attempt]! - 1;
    this.answered++;
    this.ttftMs += firstMs - attempts.arrivalMs.at[attempt]!;
    if (gaps > 0) {
      this.timed++;
      this.tpotMs += (kernel.now - firstMs) / gaps;
    }
    attempts.give(attempt);
    // When the engine's next step has begun.
    kernel.post(kernel.now, this.actor, 0, 0, Phase.Timeout);
  }

  released(): void {}

  failed(): void {
    throw new RangeError(`a request of ${this.point.group} does not fit`);
  }

  private send(): void {
    const { attempts, lengths, kernel } = this;
    if (this.sent === lengths.inputs.length) return;
    const slot = attempts.take();
    const index = this.sent++;
    attempts.request.at[slot] = index;
    attempts.classIndex.at[slot] = 0;
    attempts.promptTokens.at[slot] = lengths.inputs[index]!;
    attempts.outputTokens.at[slot] = lengths.outputs[index]!;
    attempts.prefixKey.at[slot] = 0;
    attempts.prefixTokens.at[slot] = 0;
    attempts.traceKeys.set(slot, undefined);
    attempts.streamKey.at[slot] = index + 1;
    attempts.arrivalMs.at[slot] = kernel.now;
    if (!this.engine.submit(slot)) this.failed();
  }
}
