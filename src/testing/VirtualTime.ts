const REAL = {
  Date,
  performance,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
};

/** Node fires a longer delay after one millisecond; so does virtual time, because libraries meet it in production. */
const LONGEST_DELAY_MS = 2_147_483_647;

interface VirtualTimer {
  readonly id: number;
  dueMs: number;
  readonly everyMs: number;
  readonly call: () => void;
}

/**
 * The machine's clock and timers, replaced for as long as a history runs. True time is monotone and moves only by `advanceTo`; what `Date` reads is
 * true time plus an offset, so a stepped wall clock moves neither true time nor timers. Immediates, ticks and microtasks stay real: they
 * are how a history waits until everything that can happen now has happened.
 */
export class VirtualTime {
  declare trueMs: number;
  /** What `Date` is ahead of true time, in ms. */
  wallAheadMs: () => number = () => 0;
  /** While above 0 `Date` reads true time: something that has a clock of its own works in this process. */
  readsTrueTime = 0;
  declare private readonly startMs: number;
  private nextId = 1;
  private readonly timers = new Map<number, VirtualTimer>();
  private installed = false;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.trueMs = startMs;
  }

  /** Replaces the globals; `uninstall` must follow. */
  install(): void {
    this.installed = true;
    Object.assign(globalThis, {
      Date: virtualDate(() => this.trueMs + (this.readsTrueTime > 0 ? 0 : this.wallAheadMs())),
      setTimeout: (call: (...args: Array<unknown>) => void, delayMs?: unknown, ...args: Array<unknown>) =>
        this.schedule(() => call(...args), delayMs, false),
      setInterval: (call: (...args: Array<unknown>) => void, delayMs?: unknown, ...args: Array<unknown>) =>
        this.schedule(() => call(...args), delayMs, true),
      clearTimeout: (handle: unknown) => this.cancel(handle),
      clearInterval: (handle: unknown) => this.cancel(handle),
    });
    replacePerformance(virtualPerformance(() => this.trueMs - this.startMs));
  }

  uninstall(): void {
    if (!this.installed) return;
    this.installed = false;
    const { performance: real, ...rest } = REAL;
    Object.assign(globalThis, rest);
    replacePerformance(real);
  }

  /** Timers that have not fired, for finding leaks. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  /** When the next timer is due, in ms of true time; infinity without one. */
  get nextDueMs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const timer of this.timers.values()) if (timer.dueMs < due) due = timer.dueMs;
    return due;
  }

  /** Moves true time to `atMs` and fires the first of the timers due at it; the caller lets microtasks run and calls again. */
  fireNextAt(atMs: number): boolean {
    this.trueMs = Math.max(this.trueMs, atMs);
    let first: VirtualTimer | undefined;
    for (const timer of this.timers.values()) if (timer.dueMs <= atMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    if (first === undefined) return false;
    // A late interval goes on from now: it does not catch up.
    if (first.everyMs > 0) first.dueMs = Math.max(first.dueMs, this.trueMs) + first.everyMs;
    else this.timers.delete(first.id);
    first.call();
    return true;
  }

  /** As `setTimeout`, for the laboratory itself. */
  after(ms: number, call: () => void): void {
    this.schedule(call, ms, false);
  }

  private schedule(call: () => void, delay: unknown, repeats: boolean): VirtualHandle {
    const asked = Number(delay);
    const delayMs = asked >= 1 && asked <= LONGEST_DELAY_MS ? Math.trunc(asked) : 1;
    const id = this.nextId++;
    this.timers.set(id, { id, dueMs: this.trueMs + delayMs, everyMs: repeats ? delayMs : 0, call });
    return new VirtualHandle(id, (handle) => this.cancel(handle));
  }

  private cancel(handle: unknown): void {
    if (handle instanceof VirtualHandle) this.timers.delete(handle.id);
    // A library may hold a timer that it made before the history began.
    else if (handle !== null && typeof handle === "object") REAL.clearTimeout(handle as ReturnType<typeof setTimeout>);
    else if (typeof handle === "number") this.timers.delete(handle);
  }
}

class VirtualHandle {
  declare readonly id: number;
  declare private readonly cancel: (handle: VirtualHandle) => void;

  constructor(id: number, cancel: (handle: VirtualHandle) => void) {
    this.id = id;
    this.cancel = cancel;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    return this;
  }

  close(): this {
    this.cancel(this);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }

  [Symbol.dispose](): void {
    this.cancel(this);
  }
}

const virtualDate = (now: () => number): DateConstructor => {
  function VirtualDate(this: unknown, ...args: Array<never>): Date | string {
    if (new.target === undefined) return new REAL.Date(now()).toString();
    return Reflect.construct(REAL.Date, args.length === 0 ? [now()] : args, new.target === VirtualDate ? REAL.Date : new.target) as Date;
  }
  return Object.assign(VirtualDate, {
    prototype: REAL.Date.prototype,
    now,
    parse: REAL.Date.parse,
    UTC: REAL.Date.UTC,
  }) as unknown as DateConstructor;
};

const virtualPerformance = (now: () => number): typeof performance =>
  new Proxy(REAL.performance, {
    get: (target, name) => {
      if (name === "now") return now;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });

const replacePerformance = (value: typeof performance): void => {
  Object.defineProperty(globalThis, "performance", { value, configurable: true, writable: true, enumerable: true });
};
