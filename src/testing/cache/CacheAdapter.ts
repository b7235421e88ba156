import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

export interface CacheSpec {
  readonly ttlMs: number;
  /** How long a failure may be served (0: only to those who waited for it). */
  readonly negativeTtlMs: number;
  /** For so long after its time an old value may be served (default 0). */
  readonly staleMs?: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** What the value of a key weighs (default 1). */
  readonly bytesOf?: (key: string) => number;
  /** Loads at once; reads beyond are refused. */
  readonly maxLoads?: number;
  /** A load that takes longer may be taken over (default: never). */
  readonly leaseMs?: number;
  /** So long after a load ended, everybody who waited for it has an answer or a load of their own (default 0: at once); more where they look for it now and then. */
  readonly answersWithinMs?: number;
  /** XFetch's beta (default 0: no early refresh), and where its draws come from, uniform in [0, 1). */
  readonly earlyRefresh?: number;
  readonly draw?: () => number;
}

export interface CacheUnderTest {
  /** The value of a key, cached or loaded. */
  readonly get: (key: string, options: { readonly signal: AbortSignal }) => unknown;
  readonly invalidate?: (key: string) => unknown;
  /** Forgets everything. */
  readonly flush?: () => unknown;
  /** The keys that it holds a value or a failure of. */
  readonly held?: () => ReadonlyArray<string>;
  /** Reads, the sum of what it counts them as, and loads. */
  readonly counts?: () => { readonly requests: number; readonly answered: number; readonly loads: number };
}

/** Which laws apply: what a cache cannot do is not asked of it. */
export interface CacheFeatures {
  readonly aborting?: boolean;
  readonly invalidating?: boolean;
  /** `held` works, and the bounds of the spec are kept. */
  readonly bounded?: boolean;
  /** `flush` works, and `maxLoads` is kept. */
  readonly flushing?: boolean;
  readonly earlyRefresh?: boolean;
  /** `counts` works. */
  readonly counting?: boolean;
  readonly leasing?: boolean;
  /** It sends its commands through `laboratory.store`, and again when they are lost. */
  readonly store?: boolean;
  /** Each step is dear, as with a script engine: fewer histories. */
  readonly slow?: boolean;
}

/** What the kit needs to know to try out a cache that loads what it misses. */
export interface CacheAdapter {
  readonly family: "cache";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features: CacheFeatures;
  readonly spec: CacheSpec;
  readonly make: (
    load: (key: string) => Promise<unknown>,
    spec: CacheSpec,
    laboratory: Laboratory,
  ) => CacheUnderTest | Promise<CacheUnderTest>;
  /** Ends what the adapter started for itself, such as a server. */
  readonly close?: () => Promise<void>;
}
