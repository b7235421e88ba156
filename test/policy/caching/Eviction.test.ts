import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryStore } from "../../../src/policy/caching/index.ts";

interface Old {
  key: number;
  uses: number;
  touched: number;
  bytes: number;
}

/** Lists that are searched from end to end; `small` and `main` are for S3-FIFO, oldest first. */
class Naive {
  entries: Array<Old> = [];
  small: Array<Old> = [];
  main: Array<Old> = [];
  ghosts: Array<number> = [];
  turn = 0;
  evictions = 0;
  readonly how: string;
  readonly most: number;
  readonly maxBytes: number;

  constructor(how: string, most: number, maxBytes: number) {
    this.how = how;
    this.most = most;
    this.maxBytes = maxBytes;
  }

  hit(entry: Old): void {
    entry.uses = this.how === "s3fifo" ? Math.min(3, entry.uses + 1) : entry.uses + 1;
    entry.touched = ++this.turn;
  }

  drop(entry: Old | undefined): void {
    for (const list of [this.entries, this.small, this.main]) if (list.includes(entry!)) list.splice(list.indexOf(entry!), 1);
  }

  put(key: number, bytes: number): void {
    this.drop(this.entries.find((entry) => entry.key === key));
    if (bytes > this.maxBytes) return;
    while (this.entries.length === this.most || this.entries.reduce((sum, entry) => sum + entry.bytes, bytes) > this.maxBytes) this.evict();
    const entry = { key, uses: this.how === "s3fifo" ? 0 : 1, touched: ++this.turn, bytes };
    this.entries.push(entry);
    const known = this.ghosts.includes(key);
    this.ghosts = this.ghosts.filter((ghost) => ghost !== key);
    (known ? this.main : this.small).push(entry);
  }

  evict(): void {
    this.drop(this.victim());
    this.evictions++;
  }

  victim(): Old {
    const oldest = (list: ReadonlyArray<Old>) => list.reduce((one, other) => (other.touched < one.touched ? other : one));
    if (this.how === "lru") return oldest(this.entries);
    if (this.how === "lfu") return oldest(this.entries.filter(({ uses }) => uses === Math.min(...this.entries.map((entry) => entry.uses))));
    for (;;) {
      const small = this.small.length > 0 && (this.main.length === 0 || this.small.length >= 0.1 * this.entries.length);
      const entry = (small ? this.small : this.main)[0]!;
      if (small && entry.uses <= 1) {
        this.ghosts.push(entry.key);
        if (this.ghosts.length > Math.max(1, Math.floor(0.9 * this.most))) this.ghosts.shift();
        return entry;
      }
      if (!small && entry.uses === 0) return entry;
      (small ? this.small : this.main).shift();
      entry.uses = small ? 0 : entry.uses - 1;
      this.main.push(entry);
    }
  }
}

describe.each(["lru", "lfu", "s3fifo"] as const)("%s", (eviction) => {
  it(`${eviction}: any puts, hits and removals of far more keys than fit -> the entries of a naive list; within both bounds`, () => {
    const step = fc.record({
      act: fc.constantFrom("get", "get", "get", "remove", "put"),
      /** Some keys are asked for again and again. */
      key: fc.oneof(fc.nat(4), fc.nat(25)),
      bytes: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(10, 30, Infinity),
        fc.array(step, { maxLength: 120 }),
        (maxEntries, maxBytes, history) => {
          const store = new EntryStore<number>({ eviction, maxEntries, maxBytes });
          const naive = new Naive(eviction, maxEntries, maxBytes);
          for (const { act, key, bytes } of history) {
            const old = naive.entries.find((entry) => entry.key === key);
            const slot = store.find(key);
            expect(slot >= 0).toBe(old !== undefined);
            if (act === "remove") {
              store.remove(key);
              naive.drop(old);
            } else if (old !== undefined && act === "get") {
              store.hit(slot);
              naive.hit(old);
            } else {
              store.put(key, bytes);
              naive.put(key, bytes);
            }
            const held = naive.entries.reduce((sum, entry) => sum + entry.bytes, 0);
            expect([store.bytes, store.bytes <= maxBytes, store.size, store.size <= maxEntries]).toEqual([
              held,
              true,
              naive.entries.length,
              true,
            ]);
          }
          expect(store.evictions).toBe(naive.evictions);
          const keys = Array.from({ length: 26 }, (_, key) => key);
          expect(keys.filter((key) => store.find(key) >= 0)).toEqual(keys.filter((key) => naive.entries.some((one) => one.key === key)));
        },
      ),
    );
  });
});
