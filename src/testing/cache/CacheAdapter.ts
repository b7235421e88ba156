import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

export interface CacheSpec {
  readonly ttlMs: number;
  /** How long a failure may be served (0: only to those who waited for it). */
  readonly negativeTtlMs: number;
}

export interface CacheUnderTest {
  /** The value of a key, cached or loaded. */
  readonly get: (key: string, options: { readonly signal: AbortSignal }) => unknown;
  readonly invalidate?: (key: string) => unknown;
}

/** What the kit needs to know to try out a cache that loads what it misses. */
export interface CacheAdapter {
  readonly family: "cache";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features: { readonly aborting?: boolean; readonly invalidating?: boolean };
  readonly spec: CacheSpec;
  readonly make: (
    load: (key: string) => Promise<unknown>,
    spec: CacheSpec,
    laboratory: Laboratory,
  ) => CacheUnderTest | Promise<CacheUnderTest>;
}
