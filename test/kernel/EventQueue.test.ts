import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../src/kernel/EventQueue.ts";

interface Entry {
  readonly atMs: number;
  readonly key: number;
  readonly ref: number;
  readonly ticket: number;
}

const before = (x: Entry, y: Entry): number => x.atMs - y.atMs || x.key - y.key;

describe("EventQueue", () => {
  it("bursts of posts, pops and revokes, through both orders -> the same as a sorted list", () => {
    const burst = fc.record({
      do: fc.constantFrom("post" as const, "post" as const, "pop" as const, "revoke" as const),
      count: fc.integer({ min: 1, max: 90 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 25, size: "max" }), (bursts) => {
        const queue = new EventQueue();
        const gone: Array<number> = [];
        let list: Array<Entry> = [];
        let posted = 0;
        let wrong = false;
        for (const { do: what, count, seed } of bursts) {
          let state = seed;
          for (let round = 0; round < count; round++) {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            if (what === "post") {
              const atMs = (state >>> 20) % 40;
              const key = ((state >>> 8) % 3) * 1000 + posted * 0.001;
              queue.stage(atMs, key);
              const ticket = queue.ticket(queue.commit(1, 2, posted));
              list.push({ atMs, key, ref: posted++, ticket });
              list = list.toSorted(before);
            } else if (what === "revoke" && list.length > 0) {
              const [entry] = list.splice((state >>> 8) % list.length, 1);
              wrong ||= !queue.revoke(entry!.ticket);
              gone.push(entry!.ticket);
            } else if (what === "pop" && list.length > 0) {
              const slot = queue.pop();
              wrong ||= queue.actorOf(slot) !== 1 || queue.opOf(slot) !== 2 || queue.refOf(slot) !== list[0]!.ref;
              gone.push(list.shift()!.ticket);
            }
            expect(queue.firstMs).toBe(list[0]?.atMs ?? Infinity);
            expect(list.length === 0 || queue.topKey() === list[0]!.key).toBe(true);
            expect(queue.live).toBe(list.length);
            expect(queue.size).toBeLessThanOrEqual(2 * list.length + 66);
          }
          expect(wrong).toBe(false);
          expect(gone.some((ticket) => queue.revoke(ticket))).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a million posts that are revoked at once, among 10,000 that stay -> the queue stays small", () => {
    const queue = new EventQueue();
    for (let ref = 0; ref < 10_000; ref++) {
      queue.stage(1e6 + ref, ref);
      queue.commit(0, 0, ref);
    }
    let largest = 0;
    for (let round = 0; round < 1e6; round++) {
      queue.stage(2e6 + round, 1e6 + round);
      queue.revoke(queue.ticket(queue.commit(0, 0, 0)));
      largest = Math.max(largest, queue.size);
    }
    expect(largest).toBeLessThan(20_100);
    expect(queue.live).toBe(10_000);
    expect(queue.firstMs).toBe(1e6);
  });
});
