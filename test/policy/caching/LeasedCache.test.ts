import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Leased, LeasedCacheSettings } from "../../../src/policy/caching/LeasedCache.ts";
import { LeasedCache } from "../../../src/policy/caching/LeasedCache.ts";
import { expectFaults } from "../Settings.ts";

const SETTINGS: LeasedCacheSettings = { ttlMs: 100, ttlJitterRatio: 0.5, staleMs: 50, leaseMs: 30, maxEntries: 100 };

interface Line {
  readonly what: "grant" | "store" | "release";
  readonly owner: string;
  readonly atUs: number;
  readonly value: string;
  readonly freshUs: number;
}

/** One key: everything that was granted, stored and released since it was written, searched anew for each question. */
class Naive {
  lines: Array<Line> = [];
  nowUs = -Infinity;

  request(owner: string): Leased<string> {
    const stored = this.lines.findLast(({ what }) => what === "store");
    const value = stored !== undefined && this.nowUs < stored.freshUs + 50_000 ? stored.value : undefined;
    if (value !== undefined && this.nowUs < stored!.freshUs) return { answer: "hit", value, leftMs: (stored!.freshUs - this.nowUs) / 1000 };
    if (this.holder() === undefined) this.write("grant", owner);
    const grant = this.lines.findLast(({ what }) => what === "grant")!;
    const leftMs = (grant.atUs + 30_000 - this.nowUs) / 1000;
    if (value === undefined) return { answer: grant.owner === owner ? "lead" : "wait", leftMs };
    return { answer: grant.owner === owner ? "staleLead" : "stale", value, leftMs };
  }

  /** The owner of the lease that runs now. */
  holder(): string | undefined {
    const last = this.lines.at(-1);
    return last?.what === "grant" && this.nowUs < last.atUs + 30_000 ? last.owner : undefined;
  }

  /** The last one of a kind may repeat itself; others need the lease. */
  end(what: "store" | "release", owner: string, value = "", ttlUs = 0): boolean {
    if (this.lines.findLast((line) => line.what === what)?.owner === owner) return true;
    if (this.holder() !== owner) return false;
    this.write(what, owner, value, ttlUs);
    return true;
  }

  write(what: Line["what"], owner: string, value = "", ttlUs = 0): void {
    this.lines.push({ what, owner, atUs: this.nowUs, value, freshUs: this.nowUs + ttlUs });
  }
}

it("leased cache: any history of two keys and many owners -> every answer of a search through everything that happened", () => {
  const step = fc.record({
    gapMs: fc.constantFrom(0, 0, 0, 1, -20, 29.999, 30, 49, 50, 100, 149.999, 150),
    what: fc.constantFrom("request", "request", "request", "store", "store", "release", "invalidate"),
    key: fc.constantFrom("a", "__proto__"),
    /** 0: a new owner; else one of the last few. */
    back: fc.constantFrom(0, 0, 1, 1, 2, 3),
    draw: fc.constantFrom(0, 0.5, 0.75),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 6, maxLength: 50, size: "max" }), (steps) => {
      const cache = new LeasedCache<string>(SETTINGS);
      const naive = new Map<string, Naive>();
      let [nowMs, owners] = [0, 0];
      for (const { gapMs, what, key, back, draw } of steps) {
        nowMs += gapMs;
        const owner = `o${Math.max(0, back === 0 ? owners++ : owners - back)}`;
        if (what === "invalidate") {
          cache.invalidate(key);
          naive.delete(key);
          continue;
        }
        if (what === "request" && !naive.has(key)) naive.set(key, new Naive());
        const known = naive.get(key);
        if (known !== undefined) known.nowUs = Math.max(known.nowUs, Math.round(nowMs * 1000));
        if (what === "request") expect(cache.request(key, owner, nowMs)).toEqual(known!.request(owner));
        if (what === "release") expect(cache.release(key, owner, nowMs)).toBe(known?.end("release", owner) ?? false);
        if (what === "store") {
          const ttlUs = 100_000 * (1 + 0.5 * (2 * draw - 1));
          expect(cache.store(key, owner, owner, draw, nowMs)).toBe(known?.end("store", owner, owner, ttlUs) ?? false);
        }
      }
    }),
  );
});

describe("leased cache", () => {
  it("leased cache: more keys than fit -> the one that came first goes, and its owner is late", () => {
    const cache = new LeasedCache<number>({ ...SETTINGS, maxEntries: 2 });
    for (const key of ["a", "b", "b", "a"]) cache.request(key, "one", 0);
    expect([cache.store("a", "one", 1, 0.5, 0), cache.store("b", "one", 2, 0.5, 0)]).toEqual([true, true]);
    expect(cache.request("c", "two", 0)).toEqual({ answer: "lead", leftMs: 30 });
    expect(cache.request("b", "two", 0)).toEqual({ answer: "hit", value: 2, leftMs: 100 });
    expect([cache.store("a", "one", 1, 0.5, 0), cache.store("c", "two", 3, 0.5, 0)]).toEqual([false, true]);
  });

  it("leased cache: released twice by its owner -> both true, and once for all; by another -> false", () => {
    const cache = new LeasedCache<number>(SETTINGS);
    cache.request("a", "one", 0);
    expect([cache.release("a", "two", 0), cache.release("a", "one", 0), cache.release("a", "one", 0)]).toEqual([false, true, true]);
    expect([cache.request("a", "two", 0).answer, cache.release("a", "one", 0), cache.store("a", "two", 1, 0.5, 0)]).toEqual([
      "lead",
      true,
      true,
    ]);
  });

  it("leased cache: ages at the ends of fresh and stale -> hit below the first, stale below the second, then nothing", () => {
    const answers = [99.999, 100, 149.999, 150].map((nowMs) => {
      const cache = new LeasedCache<number>(SETTINGS);
      cache.request("a", "one", 0);
      cache.store("a", "one", 1, 0.5, 0);
      return cache.request("a", "two", nowMs).answer;
    });
    expect(answers).toEqual(["hit", "staleLead", "staleLead", "lead"]);
  });

  it("leased cache: a time to live of one microsecond -> never less, whatever the jitter", () => {
    const cache = new LeasedCache<number>({ ...SETTINGS, ttlMs: 0.001, ttlJitterRatio: 0.9 });
    cache.request("a", "one", 0);
    cache.store("a", "one", 1, 0, 0);
    expect(cache.request("a", "two", 0)).toEqual({ answer: "hit", value: 1, leftMs: 0.001 });
  });

  it("leased cache: a setting out of bounds -> the fault that says what it must be", () => {
    const durationMs = "a finite number >= 0.001 <= 9000000000000";
    const constraints = {
      ttlMs: durationMs,
      ttlJitterRatio: "a finite number >= 0 <= 0.999",
      staleMs: "a finite number >= 0 <= 9000000000000",
      leaseMs: durationMs,
      maxEntries: "a whole number >= 1 <= 8388608",
    };
    expectFaults("cache", SETTINGS, constraints, (of) => new LeasedCache(of));
  });
});
