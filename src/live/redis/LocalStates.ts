/** States by key in order of their last use, at most `maxKeys`; the one unused longest makes room once it has been idle for `idleMs`. O(1) per call. */
export class LocalStates<S> {
  readonly #maxKeys: number;
  readonly #idleMs: number;
  readonly #open: () => S;
  readonly #states = new Map<string, { readonly state: S; usedMs: number }>();

  constructor(maxKeys: number, idleMs: number, open: () => S) {
    this.#maxKeys = maxKeys;
    this.#idleMs = idleMs;
    this.#open = open;
  }

  /** Undefined: no room for a new key. */
  use(key: string, nowMs: number): S | undefined {
    const known = this.#states.get(key);
    if (known === undefined && !this.#makeRoom(nowMs)) return undefined;
    const entry = known ?? { state: this.#open(), usedMs: nowMs };
    entry.usedMs = nowMs;
    this.#states.delete(key);
    this.#states.set(key, entry);
    return entry.state;
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#states.size < this.#maxKeys) return true;
    const [key, oldest] = this.#states.entries().next().value!;
    return oldest.usedMs + this.#idleMs <= nowMs && this.#states.delete(key);
  }
}
