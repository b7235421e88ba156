import type { TimeGrid } from "../../src/kernel/TimeGrid.ts";

interface Pending {
  atMs: number;
  readonly phase: number;
  readonly kind: number;
  readonly order: number;
  readonly fire: () => void;
}

/** The order of events written straight from its rules: one flat list, searched in full for each event. */
export class NaiveKernel {
  now = 0;
  events = 0;
  private readonly grid: TimeGrid;
  private pending: Array<Pending> = [];
  private registered = 0;
  private posted = 0;

  constructor(grid: TimeGrid) {
    this.grid = grid;
  }

  post(atMs: number, phase: number, wake: () => void): Pending {
    const entry = {
      atMs: this.grid.round(atMs),
      phase,
      kind: 2,
      order: this.posted++,
      fire: () => (this.drop(entry), wake()),
    };
    this.pending.push(entry);
    return entry;
  }

  revoke(entry: Pending): boolean {
    return this.drop(entry);
  }

  timer(phase: number, wake: () => void): { set(atMs: number): void; clear(): void } {
    const order = this.registered++;
    let entry: Pending | undefined;
    const clear = (): void => void (entry !== undefined && this.drop(entry));
    const set = (atMs: number): void => {
      clear();
      const fresh: Pending = {
        atMs,
        phase,
        kind: 1,
        order,
        fire: () => (this.drop(fresh), wake()),
      };
      entry = fresh;
      this.pending.push(fresh);
    };
    return { set, clear };
  }

  ring(delayMs: number, phase: number, wake: (ref: number) => void): { start(ref: number): void; stop(ref: number): boolean } {
    const order = this.registered++;
    const entries = new Map<number, Pending>();
    const stop = (ref: number): boolean => {
      const entry = entries.get(ref);
      entries.delete(ref);
      return entry !== undefined && this.drop(entry);
    };
    const start = (ref: number): void => {
      stop(ref);
      const fire = (): void => (stop(ref), wake(ref)) as unknown as void;
      const entry = { atMs: this.now + this.grid.round(delayMs), phase, kind: 0, order, fire };
      entries.set(ref, entry);
      this.pending.push(entry);
    };
    return { start, stop };
  }

  source(times: ReadonlyArray<number>, phase: number, wake: () => void): void {
    const order = this.registered++;
    const advance = (index: number): void => {
      if (index === times.length) return;
      const fire = (): void => {
        wake();
        this.drop(entry);
        advance(index + 1);
      };
      const entry: Pending = { atMs: this.grid.round(times[index]!), phase, kind: 0, order, fire };
      this.pending.push(entry);
    };
    advance(0);
  }

  /** Handles the first event of time <= untilMs; false when there is none. */
  step(untilMs: number): boolean {
    const first = this.pending.reduce<Pending | undefined>(
      (best, entry) => (best === undefined || before(entry, best) ? entry : best),
      undefined,
    );
    if (first === undefined || first.atMs > untilMs) return false;
    this.now = first.atMs;
    this.events++;
    first.fire();
    return true;
  }

  private drop(entry: Pending): boolean {
    const index = this.pending.indexOf(entry);
    if (index >= 0) this.pending.splice(index, 1);
    return index >= 0;
  }
}

/** Entries of one ring have one order number: the earlier in the list was started earlier. */
const before = (x: Pending, y: Pending): boolean =>
  x.atMs !== y.atMs ? x.atMs < y.atMs : x.phase !== y.phase ? x.phase < y.phase : x.kind !== y.kind ? x.kind < y.kind : x.order < y.order;
