import fc from "fast-check";
import { expect, it } from "vitest";
import { LongestQueueDrop } from "../../../src/policy/shedding/LongestQueueDrop.ts";

const [KEYS, LEVELS] = [3, 2];

interface Waiting {
  readonly lane: number;
  readonly tokens: number;
}

/** A queue that drops whom the policy says. */
class FullQueue {
  readonly waiting: Array<Waiting> = [];
  readonly policy: LongestQueueDrop;
  readonly bound: { readonly requests: number; readonly tokens: number };

  constructor(bound: FullQueue["bound"]) {
    this.bound = bound;
    this.policy = new LongestQueueDrop({ ...bound, keys: KEYS, levels: LEVELS });
  }

  /** What it dropped; undefined where the newcomer was refused. */
  arrive(newcomer: Waiting): ReadonlyArray<Waiting> | undefined {
    const dropped: Array<Waiting> = [];
    if (!this.policy.makesRoom(newcomer.lane, newcomer.tokens)) return undefined;
    for (;;) {
      const lane = this.policy.victim(newcomer.lane, newcomer.tokens);
      if (lane < 0) break;
      const [victim] = this.waiting.splice(
        this.waiting.findLastIndex((one) => one.lane === lane),
        1,
      );
      this.policy.left(lane, victim!.tokens);
      dropped.push(victim!);
    }
    this.waiting.push(newcomer);
    this.policy.joined(newcomer.lane, newcomer.tokens);
    return dropped;
  }

  start(index: number): void {
    const [one] = this.waiting.splice(index % this.waiting.length, 1);
    if (one !== undefined) this.policy.left(one.lane, one.tokens);
  }

  held(lane: number, of: (one: Waiting) => number): number {
    return this.waiting.filter((one) => one.lane === lane).reduce((sum, one) => sum + of(one), 0);
  }
}

const op = fc.record({ what: fc.constantFrom("arrive", "arrive", "arrive", "start"), lane: fc.nat(KEYS * LEVELS - 1), tokens: fc.nat(60) });
const levelOf = (lane: number): number => Math.floor(lane / KEYS);

it("longestQueueDrop: any history -> the bounds hold, and nothing is dropped that could stay", () => {
  fc.assert(
    fc.property(fc.array(op, { minLength: 10, maxLength: 60, size: "max" }), fc.integer({ min: 1, max: 8 }), (list, requests) => {
      const queue = new FullQueue({ requests, tokens: 150 });
      for (const { what, lane, tokens } of list) {
        if (what === "start") queue.start(tokens);
        else {
          const [count, sum] = [queue.waiting.length, queue.waiting.reduce((total, one) => total + one.tokens, 0)];
          const dropped = queue.arrive({ lane, tokens });
          if (count < requests && sum + tokens <= 150) expect(dropped).toEqual([]);
        }
        expect(queue.waiting.length).toBeLessThanOrEqual(requests);
        expect(queue.waiting.reduce((total, one) => total + one.tokens, 0)).toBeLessThanOrEqual(150);
      }
    }),
  );
});

it("longestQueueDrop: full of requests -> nobody gives way to a less urgent one, nor a key to one that then holds more; who is refused would hold the most", () => {
  fc.assert(
    fc.property(fc.array(op, { minLength: 10, maxLength: 60, size: "max" }), fc.integer({ min: 1, max: 8 }), (list, requests) => {
      const queue = new FullQueue({ requests, tokens: Infinity });
      for (const { what, lane } of list) {
        if (what === "start") {
          queue.start(lane);
          continue;
        }
        const held = Array.from({ length: KEYS * LEVELS }, (_, at) => queue.held(at, () => 1));
        const dropped = queue.arrive({ lane, tokens: 1 });
        for (const victim of dropped ?? []) {
          expect(levelOf(victim.lane)).toBeGreaterThanOrEqual(levelOf(lane));
          if (levelOf(victim.lane) === levelOf(lane)) expect(held[victim.lane]).toBeGreaterThan(held[lane]! + 1);
        }
        if (dropped !== undefined) continue;
        for (const [other, count] of held.entries()) {
          if (levelOf(other) > levelOf(lane)) expect(count).toBe(0);
          if (levelOf(other) === levelOf(lane)) expect(count).toBeLessThanOrEqual(held[lane]! + 1);
        }
      }
    }),
  );
});

it("longestQueueDrop: a heavy key has filled the queue, a light one comes -> room for it, up to an equal share", () => {
  const queue = new FullQueue({ requests: 10, tokens: Infinity });
  for (let sent = 0; sent < 30; sent++) queue.arrive({ lane: 0, tokens: 1 });
  const light = Array.from({ length: 6 }, () => queue.arrive({ lane: 1, tokens: 1 }) !== undefined);
  expect(light).toEqual([true, true, true, true, true, false]);
  expect([queue.held(0, () => 1), queue.held(1, () => 1)]).toEqual([5, 5]);
});

it("longestQueueDrop: full of tokens -> shared by tokens: a long prompt pushes out several short ones of a heavy key, or none", () => {
  const queue = new FullQueue({ requests: 100, tokens: 100 });
  for (let sent = 0; sent < 10; sent++) queue.arrive({ lane: 0, tokens: 10 });
  expect(queue.arrive({ lane: 1, tokens: 60 })).toBeUndefined();
  expect(queue.waiting).toHaveLength(10);
  expect(queue.arrive({ lane: 1, tokens: 45 })).toHaveLength(5);
  expect(queue.arrive({ lane: 1, tokens: 101 })).toBeUndefined();
});
