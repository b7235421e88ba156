import fc from "fast-check";
import { expect, it } from "vitest";
import { Codel, StandingTimeout } from "../../../src/policy/shedding/index.ts";
import { expectFaults } from "../Settings.ts";

interface Item {
  readonly id: number;
  readonly sinceMs: number;
}

/** The loop of RFC 8289, section 5, over a queue of its own; "less than one packet left" is an empty queue behind. */
class Reference {
  readonly queue: Array<Item> = [];
  readonly dropped: Array<number> = [];
  readonly target: number;
  readonly interval: number;
  firstAbove = 0;
  dropNext = 0;
  count = 0;
  lastCount = 0;
  dropping = false;

  constructor(target: number, interval: number) {
    this.target = target;
    this.interval = interval;
  }

  deque(now: number): Item | undefined {
    let next = this.dodeque(now);
    if (this.dropping) {
      if (!next.okToDrop) this.dropping = false;
      while (now >= this.dropNext && this.dropping) {
        this.dropped.push(next.item!.id);
        this.count++;
        next = this.dodeque(now);
        if (!next.okToDrop) this.dropping = false;
        else this.dropNext = this.law(this.dropNext, this.count);
      }
    } else if (next.okToDrop) {
      this.dropped.push(next.item!.id);
      next = this.dodeque(now);
      this.dropping = true;
      const delta = this.count - this.lastCount;
      this.count = delta > 1 && now - this.dropNext < 16 * this.interval ? delta : 1;
      this.dropNext = this.law(now, this.count);
      this.lastCount = this.count;
    }
    return next.item;
  }

  dodeque(now: number): { item: Item | undefined; okToDrop: boolean } {
    const item = this.queue.shift();
    if (item === undefined || now - item.sinceMs < this.target || this.queue.length === 0) {
      this.firstAbove = 0;
      return { item, okToDrop: false };
    }
    if (this.firstAbove === 0) this.firstAbove = now + this.interval;
    else if (now >= this.firstAbove) return { item, okToDrop: true };
    return { item, okToDrop: false };
  }

  law(from: number, count: number): number {
    return from + this.interval / Math.sqrt(count);
  }
}

it("codel: any arrivals and takes -> the drops of the loop in RFC 8289", () => {
  const step = fc.record({
    gapMs: fc.constantFrom(0, 1, 4, 5, 6, 10, 40, 99, 100, 101, 500),
    act: fc.constantFrom("arrive", "arrive", "arrive", "take", "take3", "leave"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (history) => {
      const reference = new Reference(5, 100);
      const codel = new Codel({ targetMs: 5, intervalMs: 100 });
      const queue: Array<Item> = [];
      const dropped: Array<number> = [];
      const take = (now: number): Item | undefined => {
        for (;;) {
          const item = queue.shift();
          if (item === undefined) codel.foundEmpty();
          if (item === undefined || !codel.drops(now - item.sinceMs, queue.length, 0, now)) return item;
          dropped.push(item.id);
        }
      };
      let now = 1;
      let id = 0;
      for (const { gapMs, act } of history) {
        now += gapMs;
        if (act === "arrive") for (const line of [queue, reference.queue]) line.push({ id, sinceMs: now });
        if (act === "arrive") id++;
        // The oldest gives up by itself.
        if (act === "leave") for (const line of [queue, reference.queue]) line.shift();
        for (let turn = act === "take3" ? 3 : Number(act === "take"); turn > 0; turn--) expect(take(now)).toEqual(reference.deque(now));
        expect(dropped).toEqual(reference.dropped);
      }
    }),
  );
});

it("codel: overload that comes and goes -> the drops of the loop, also where the law goes on after a pause", () => {
  const phase = fc.record({ lengthMs: fc.constantFrom(50, 150, 400, 1500, 2500), arrivals: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(phase, { minLength: 2, maxLength: 8 }), (phases) => {
      const reference = new Reference(5, 100);
      const codel = new Codel({ targetMs: 5, intervalMs: 100 });
      const queue: Array<Item> = [];
      const dropped: Array<number> = [];
      let [now, id] = [1, 0];
      for (const { lengthMs, arrivals } of phases) {
        for (const end = now + lengthMs; now < end; now += 4) {
          for (let turn = 0; turn < arrivals; turn++, id++) for (const line of [queue, reference.queue]) line.push({ id, sinceMs: now });
          reference.deque(now);
          for (let served = false; !served;) {
            const item = queue.shift();
            if (item === undefined) codel.foundEmpty();
            served = item === undefined || !codel.drops(now - item.sinceMs, queue.length, 0, now);
            if (!served) dropped.push(item!.id);
          }
        }
      }
      expect(dropped).toEqual(reference.dropped);
    }),
  );
});

it("codel: waits stay above the target -> drops after 100, 100, 71, 58 ms; below it for a moment -> none", () => {
  const codel = new Codel({ targetMs: 5, intervalMs: 100 });
  const dropTimes: Array<number> = [];
  for (let now = 0; now < 400; now++) if (codel.drops(6, 9, 0, now)) dropTimes.push(now);
  // 100, +100, +100/sqrt(2), +100/sqrt(3), rounded up to the next call.
  expect(dropTimes).toEqual([100, 200, 271, 329, 379]);
  const calm = new Codel({ targetMs: 5, intervalMs: 100 });
  for (let now = 0; now < 1000; now++) expect(calm.drops(now % 99 === 0 ? 4.999 : 6, 9, 0, now)).toBe(false);
});

it("standingTimeout: waits of 99, 100, 101 and 4, 5, 6 ms around both limits -> dropped above them only", () => {
  const rule = new StandingTimeout({ targetMs: 5, intervalMs: 100 });
  expect([99, 100, 101].map((waited) => rule.drops(waited, 0, 100))).toEqual([false, false, true]);
  expect([4, 5, 6].map((waited) => rule.drops(waited, 0, 101))).toEqual([false, false, true]);
});

it("codel, standingTimeout: a setting out of bounds -> the fault that says what it must be", () => {
  const [sound, targetMs] = [{ targetMs: 5, intervalMs: 100 }, "a finite number >= 0"];
  expectFaults("codel", sound, { targetMs, intervalMs: "a finite number > 0" }, (of) => new Codel(of));
  expectFaults("standingTimeout", sound, { targetMs, intervalMs: "a finite number > 0 >= 5" }, (of) => new StandingTimeout(of));
});
