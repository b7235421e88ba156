import type { Laboratory } from "../Laboratory.ts";
import { LawBroken } from "../LawBroken.ts";
import type { CacheAdapter, CacheSpec, CacheUnderTest } from "./CacheAdapter.ts";

export interface Load {
  readonly number: number;
  readonly key: string;
  readonly startedAtMs: number;
  /** The read that started it; 0: it was handed to one that waited, or serves nobody. */
  leader: number;
  /** It was handed on for readers from before the key was written; later ones do not join it. */
  readonly detached: boolean;
  endedAtMs: number;
  state: "running" | "loaded" | "failed";
  readonly resolve: () => void;
  readonly reject: () => void;
}

export interface Read {
  readonly number: number;
  readonly key: string;
  readonly askedAtMs: number;
  state: "waiting" | "served" | "failed";
  /** The load whose value or failure it got. */
  load: number | undefined;
  aborted: boolean;
  readonly abort: () => void;
}

export interface CacheWatch {
  readonly onLoad?: (load: Load, trial: CacheTrial) => void;
  readonly onAnswer?: (read: Read, trial: CacheTrial) => void;
  readonly onRest?: (trial: CacheTrial) => void;
}

class LoadFailed extends Error {
  declare readonly load: number;

  constructor(load: number) {
    super(`load ${load} failed`);
    this.load = load;
  }
}

/** One loading cache in one history. */
export class CacheTrial {
  declare readonly laboratory: Laboratory;
  declare readonly spec: CacheSpec;
  readonly loads: Array<Load> = [];
  readonly reads: Array<Read> = [];
  readonly invalidatedAtLoads = new Map<string, number>();
  private readonly invalidatedAtReads = new Map<string, number>();
  /** Loads before the last flush. */
  flushedAtLoads = 0;
  private asking = 0;
  declare private readonly watch: CacheWatch;
  private cache: CacheUnderTest | undefined;
  private broken: LawBroken | undefined;

  static async start(adapter: CacheAdapter, spec: CacheSpec, laboratory: Laboratory, watch: CacheWatch): Promise<CacheTrial> {
    const trial = new CacheTrial(spec, laboratory, watch);
    trial.cache = await adapter.make((key) => trial.load(key), spec, laboratory);
    return trial;
  }

  private constructor(spec: CacheSpec, laboratory: Laboratory, watch: CacheWatch) {
    this.spec = spec;
    this.laboratory = laboratory;
    this.watch = watch;
  }

  get nowMs(): number {
    return this.laboratory.elapsedMs;
  }

  running(): ReadonlyArray<Load> {
    return this.loads.filter((load) => load.state === "running");
  }

  waiting(): ReadonlyArray<Read> {
    return this.reads.filter((read) => read.state === "waiting" && !read.aborted);
  }

  async read(key: string, count = 1): Promise<void> {
    const reads = Array.from({ length: count }, () => this.ask(key));
    await this.rest();
    this.laboratory.note(reads.map((read) => `read ${read.number} ${read.state}`).join(", "));
  }

  async end(load: Load, succeeds: boolean): Promise<void> {
    load.state = succeeds ? "loaded" : "failed";
    load.endedAtMs = this.nowMs;
    if (succeeds) load.resolve();
    else load.reject();
    await this.rest();
    this.laboratory.note(`load ${load.number}`);
  }

  async abort(read: Read): Promise<void> {
    read.aborted = true;
    read.abort();
    this.laboratory.note(`read ${read.number}`);
    await this.rest();
  }

  async invalidate(key: string): Promise<void> {
    this.invalidatedAtLoads.set(key, this.loads.length);
    this.invalidatedAtReads.set(key, this.reads.length);
    await this.laboratory.answer(this.cache?.invalidate?.(key));
    await this.rest();
  }

  async flush(): Promise<void> {
    this.flushedAtLoads = this.loads.length;
    for (const load of this.loads) this.invalidatedAtLoads.set(load.key, this.loads.length);
    await this.laboratory.answer(this.cache?.flush?.());
    await this.rest();
  }

  held(): ReadonlyArray<string> {
    return this.cache?.held?.() ?? [];
  }

  counts(): ReturnType<NonNullable<CacheUnderTest["counts"]>> | undefined {
    return this.cache?.counts?.();
  }

  async advance(ms: number): Promise<void> {
    await this.laboratory.advance(ms);
    await this.rest();
  }

  expect(condition: boolean, expected: string): void {
    if (!condition) this.broken ??= new LawBroken(expected);
  }

  dispose(): void {
    for (const read of this.reads) read.abort();
    for (const load of this.running()) load.resolve();
  }

  private load(key: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const number = this.loads.length + 1;
    const load: Load = {
      number,
      key,
      startedAtMs: this.nowMs,
      leader: this.asking,
      detached:
        this.asking === 0 && this.waiting().some((read) => read.key === key && read.number <= (this.invalidatedAtReads.get(key) ?? 0)),
      endedAtMs: Number.NaN,
      state: "running",
      resolve: () => resolve(number),
      reject: () => reject(new LoadFailed(number)),
    };
    promise.catch(() => undefined);
    this.loads.push(load);
    this.laboratory.note(`load ${number} starts`);
    this.watch.onLoad?.(load, this);
    return promise;
  }

  private ask(key: string): Read {
    const controller = new AbortController();
    const read: Read = {
      number: this.reads.length + 1,
      key,
      askedAtMs: this.nowMs,
      state: "waiting",
      load: undefined,
      aborted: false,
      abort: () => controller.abort(),
    };
    this.reads.push(read);
    const answered = (state: "served" | "failed", load: number | undefined): void => {
      read.state = state;
      read.load = load;
      this.watch.onAnswer?.(read, this);
    };
    this.asking = read.number;
    const answer = this.laboratory.answer((async () => this.cache?.get(key, { signal: controller.signal }))());
    this.asking = 0;
    void answer.then(
      (value) => answered("served", Number(value)),
      (error: unknown) => answered("failed", error instanceof LoadFailed ? error.load : undefined),
    );
    return read;
  }

  private async rest(): Promise<void> {
    await this.laboratory.drain();
    this.watch.onRest?.(this);
    if (this.broken !== undefined) throw this.broken;
  }
}
