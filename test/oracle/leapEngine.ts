import { Kernel, Phase } from "../../src/kernel/Kernel.ts";
import type { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { Attempts } from "../../src/serving/Attempts.ts";
import { BlockLists } from "../../src/serving/engine/BlockLists.ts";
import type { Engine as EngineUnderTest } from "../../src/serving/engine/Engine.ts";
import type { ReplicaOptions } from "../../src/serving/engine/Replica.ts";
import { Replica } from "../../src/serving/engine/Replica.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";
import type { EngineInput, EngineRequest, EngineTrace } from "./NaiveEngine.ts";
import { emptyTrace } from "./NaiveEngine.ts";

/** Drives the leaping replica with the same inputs as the oracle and records the same trace. */
export const runLeap = (
  spec: EngineSpec,
  grid: TimeGrid,
  requests: ReadonlyArray<EngineRequest>,
  inputs: ReadonlyArray<EngineInput>,
  Engine: new (options: ReplicaOptions) => EngineUnderTest = Replica,
): EngineTrace & { readonly phases: number } => {
  const trace = emptyTrace(requests.length);
  const kernel = new Kernel({ grid });
  const attempts = new Attempts();
  const slotOf = new Int32Array(requests.length).fill(-1);
  const end = (slot: number, how: "finished" | "released" | "failed", generated: number): void => {
    const id = attempts.request.at[slot]!;
    trace.end[id] = how;
    trace.endMs[id] = kernel.now;
    trace.generated[id] = generated;
    trace.cachedTokens[id] = Number.isNaN(attempts.admittedMs.at[slot]!) ? -1 : attempts.cachedTokens.at[slot]!;
    trace.order.push(id);
    slotOf[id] = -1;
    attempts.give(slot);
  };
  const replica = new Engine({
    engine: spec,
    kernel,
    attempts,
    blockLists: new BlockLists(),
    classes: 1,
    listener: {
      firstToken: (slot) => void (trace.firstTokenMs[attempts.request.at[slot]!] = kernel.now),
      finished: (slot) => end(slot, "finished", attempts.total.at[slot]! - attempts.promptTokens.at[slot]!),
      released: (slot, generated) => end(slot, "released", generated),
      failed: (slot, generated) => end(slot, "failed", generated),
    },
  });
  const arrive = (id: number): void => {
    const { content, outputTokens } = requests[id]!;
    const slot = attempts.take();
    attempts.request.at[slot] = id;
    attempts.classIndex.at[slot] = 0;
    attempts.promptTokens.at[slot] = content.promptTokens;
    attempts.outputTokens.at[slot] = outputTokens;
    attempts.prefixKey.at[slot] = content.prefixKey;
    attempts.prefixTokens.at[slot] = content.prefixTokens;
    attempts.streamKey.at[slot] = content.streamKey;
    attempts.traceBlockTokens.at[slot] = content.traceBlockTokens;
    attempts.traceKeys.set(slot, content.traceKeys);
    slotOf[id] = slot;
    if (replica.submit(slot)) return;
    trace.end[id] = "refused";
    slotOf[id] = -1;
    attempts.give(slot);
  };
  const phaseOf = {
    arrive: Phase.Arrival,
    cancel: Phase.Timeout,
    slow: Phase.Fault,
    fail: Phase.Fault,
    recover: Phase.Fault,
    wipe: Phase.Fault,
  };
  const actor = kernel.join({
    wake: (_op, ref) => {
      const input = inputs[ref]!;
      if (input.kind === "arrive") arrive(input.request);
      else if (input.kind === "cancel" && slotOf[input.request]! >= 0) replica.cancel(slotOf[input.request]!);
      else if (input.kind === "slow") replica.slowDown(input.factor!);
      else if (input.kind === "fail") replica.fail();
      else if (input.kind === "recover") replica.recover();
      else if (input.kind === "wipe") replica.wipeCache!();
    },
  });
  inputs.forEach((input, i) => kernel.post(input.atMs, actor, 0, i, phaseOf[input.kind]));
  if (kernel.runFor(200_000 + 100 * requests.length, Infinity) === "more") throw new Error("the replica never comes to rest");
  trace.preemptions = replica.meter.preemptions;
  trace.steps = replica.meter.steps;
  return { ...trace, phases: replica.meter.phases };
};
