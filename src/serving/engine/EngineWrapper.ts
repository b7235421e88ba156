import type { BlockCounts } from "./Blocks.ts";
import type { Engine } from "./Engine.ts";
import type { ReplicaMeter } from "./ReplicaMeter.ts";

/** An engine with something around it: what the surroundings do not change is the inner engine's. */
export abstract class EngineWrapper {
  protected abstract readonly inner: Engine;

  get meter(): ReplicaMeter {
    return this.inner.meter;
  }

  get blocks(): BlockCounts {
    return this.inner.blocks;
  }

  get maxTokens(): number {
    return this.inner.maxTokens;
  }

  get kvTokensNow(): number {
    return this.inner.kvTokensNow;
  }

  slowDown(factor: number): void {
    this.inner.slowDown(factor);
  }

  wipeCache(): void {
    this.inner.wipeCache?.();
  }
}
