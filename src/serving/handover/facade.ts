import type { Engine } from "../engine/Engine.ts";

export interface Face {
  readonly up: () => boolean;
  readonly maxTokens: () => number;
  readonly submit: (attempt: number) => boolean;
  readonly cancel: (attempt: number) => void;
  readonly fail: () => void;
  readonly recover: () => void;
}

/** An engine as gateway, faults and meters see it, where somebody stands between it and them. */
export const facade = (engine: Engine, face: Face): Engine => ({
  meter: engine.meter,
  blocks: engine.blocks,
  get maxTokens() {
    return face.maxTokens();
  },
  get up() {
    return face.up();
  },
  get waitingCount() {
    return engine.waitingCount;
  },
  get runningCount() {
    return engine.runningCount;
  },
  get kvTokensNow() {
    return engine.kvTokensNow;
  },
  submit: face.submit,
  cancel: face.cancel,
  fail: face.fail,
  recover: face.recover,
  slowDown: (factor) => engine.slowDown(factor),
  wipeCache: () => engine.wipeCache?.(),
  syncMeter: () => engine.syncMeter(),
  startMeasuring: (itlMs) => engine.startMeasuring(itlMs),
  generated: (attempt) => engine.generated(attempt),
});
