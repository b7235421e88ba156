import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantBroken } from "../../src/kernel/Invariants.ts";
import { Kernel, Phase } from "../../src/kernel/Kernel.ts";
import type { Actor } from "../../src/kernel/Kernel.ts";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { NaiveKernel } from "./NaiveKernel.ts";

const grid = TimeGrid.forHorizon(1e6);

class Recording implements Actor {
  readonly seen: Array<string> = [];
  readonly kernel = new Kernel({ grid });
  readonly id = this.kernel.join(this);
  act: (op: number, ref: number) => void = () => {};

  wake(op: number, ref: number): void {
    this.seen.push(`${this.kernel.now}:${op}:${ref}`);
    this.act(op, ref);
  }
}

describe("Kernel: order against a naive list", () => {
  /** What one wake-up does; times are whole and half ms, so that many events coincide. */
  const command = fc.oneof(
    fc.record({ do: fc.constant("post" as const), afterMs: half(8), phase: phase() }),
    fc.record({ do: fc.constant("revoke" as const), which: fc.nat(200) }),
    fc.record({ do: fc.constant("set" as const), timer: fc.nat(3), afterMs: half(6) }),
    fc.record({ do: fc.constant("clear" as const), timer: fc.nat(3) }),
    fc.record({ do: fc.constant("start" as const), ring: fc.nat(1), ref: fc.nat(9) }),
    fc.record({ do: fc.constant("stop" as const), ring: fc.nat(1), ref: fc.nat(9) }),
  );
  const plan = fc.record({
    commands: fc.array(command, { maxLength: 150, size: "max" }),
    perWake: fc.integer({ min: 1, max: 4 }),
    timerPhases: fc.array(phase(), { minLength: 4, maxLength: 4, size: "max" }),
    rings: fc.array(fc.record({ delayMs: half(5), phase: phase() }), {
      minLength: 2,
      maxLength: 2,
    }),
    sources: fc.array(fc.record({ times: fc.array(half(30), { maxLength: 12, size: "max" }), phase: phase() }), {
      maxLength: 3,
    }),
    chunk: fc.integer({ min: 1, max: 7 }),
  });
  type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

  /** Runs the same commands, in the order in which events ask for them. */
  const follow = (
    { commands, perWake }: Plan,
    world: {
      now: () => number;
      post: (atMs: number, phase: number, ref: number) => void;
      revoke: (which: number) => boolean;
      timers: ReadonlyArray<{ set(atMs: number): void; clear(): void }>;
      rings: ReadonlyArray<{ start(ref: number): void; stop(ref: number): boolean }>;
    },
    seen: Array<string>,
  ): (() => void) => {
    let next = 0;
    return () => {
      for (let count = 0; count < perWake && next < commands.length; count++) {
        const ask = commands[next++]!;
        if (ask.do === "post") world.post(world.now() + ask.afterMs, ask.phase, next);
        else if (ask.do === "revoke") seen.push(`revoke ${world.revoke(ask.which)}`);
        else if (ask.do === "set") world.timers[ask.timer]!.set(world.now() + ask.afterMs);
        else if (ask.do === "clear") world.timers[ask.timer]!.clear();
        else if (ask.do === "start") world.rings[ask.ring]!.start(ask.ref);
        else seen.push(`stop ${world.rings[ask.ring]!.stop(ask.ref)}`);
      }
    };
  };

  const runKernel = (plan: Plan): ReadonlyArray<string> => {
    const actor = new Recording();
    const { kernel, id, seen } = actor;
    const tickets: Array<number> = [];
    plan.sources.forEach(({ times, phase }, index) => {
      const sorted = times.toSorted((x, y) => x - y);
      let next = 0;
      kernel.source(() => sorted[next++] ?? Infinity, id, 3, index, phase);
    });
    const obey = follow(
      plan,
      {
        now: () => kernel.now,
        post: (atMs, phase, ref) => tickets.push(kernel.post(atMs, id, 0, ref, phase)),
        revoke: (which) => (which < tickets.length ? kernel.revoke(tickets[which]!) : false),
        timers: plan.timerPhases.map((phase, index) => kernel.timer(id, 1, index, phase)),
        rings: plan.rings.map(({ delayMs, phase }, index) => kernel.ring(delayMs, id, 10 + index, phase)),
      },
      seen,
    );
    actor.act = obey;
    for (let round = 0; round < 10; round++) obey();
    while (kernel.runFor(plan.chunk, Infinity) === "more");
    return [...seen, `events ${kernel.events}`];
  };

  const runNaive = (plan: Plan): ReadonlyArray<string> => {
    const kernel = new NaiveKernel(grid);
    const seen: Array<string> = [];
    const entries: Array<ReturnType<NaiveKernel["post"]>> = [];
    const woken = (op: number, ref: number): void => {
      seen.push(`${kernel.now}:${op}:${ref}`);
      obey();
    };
    plan.sources.forEach(({ times, phase }, index) => {
      kernel.source(
        times.toSorted((x, y) => x - y),
        phase,
        () => woken(3, index),
      );
    });
    const obey = follow(
      plan,
      {
        now: () => kernel.now,
        post: (atMs, phase, ref) => entries.push(kernel.post(atMs, phase, () => woken(0, ref))),
        revoke: (which) => (which < entries.length ? kernel.revoke(entries[which]!) : false),
        timers: plan.timerPhases.map((phase, index) => kernel.timer(phase, () => woken(1, index))),
        rings: plan.rings.map(({ delayMs, phase }, index) => kernel.ring(delayMs, phase, (ref) => woken(10 + index, ref))),
      },
      seen,
    );
    for (let round = 0; round < 10; round++) obey();
    while (kernel.step(Infinity));
    return [...seen, `events ${kernel.events}`];
  };

  it("posts, revokes, timers, rings and sources on a coarse grid -> the same events in the same order", () => {
    fc.assert(
      fc.property(plan, (drawn) => {
        expect(runKernel(drawn)).toEqual(runNaive(drawn));
      }),
      { numRuns: 400 },
    );
  });

  it("thousands of posts of which most are revoked -> the survivors in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const { kernel, id, seen } = new Recording();
        const expected: Array<{ atMs: number; ref: number }> = [];
        let state = seed;
        for (let ref = 0; ref < 2_000; ref++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          const atMs = (state >>> 8) % 500;
          const ticket = kernel.post(atMs, id, 0, ref, Phase.Boundary);
          const drop = state >>> 29 < 6;
          if (!drop) expected.push({ atMs, ref });
          expect(drop && kernel.revoke(ticket)).toBe(drop);
          expect(drop && kernel.revoke(ticket)).toBe(false);
        }
        expect(kernel.runFor(1e6, Infinity)).toBe("idle");
        expected.sort((x, y) => x.atMs - y.atMs || x.ref - y.ref);
        expect(seen).toEqual(expected.map(({ atMs, ref }) => `${atMs}:0:${ref}`));
      }),
      { numRuns: 10 },
    );
  });
});

describe("Kernel: simultaneous events", () => {
  it("one event of each phase, posted in reverse -> the order of the table of phases", () => {
    const { kernel, id, seen } = new Recording();
    for (const phase of Object.values(Phase).toReversed()) kernel.post(5, id, phase, 0, phase);
    kernel.runFor(10, Infinity);
    expect(seen).toEqual(["5:0:0", "5:1:0", "5:2:0", "5:3:0", "5:4:0"]);
  });

  it("one phase, all kinds -> source, ring, timer, posted event", () => {
    const { kernel, id, seen } = new Recording();
    kernel.post(5, id, 4, 0, Phase.Boundary);
    kernel.timer(id, 3, 0, Phase.Boundary).set(5);
    kernel.source(once(5), id, 1, 0, Phase.Boundary);
    kernel.ring(5, id, 2, Phase.Boundary).start(0);
    kernel.runFor(10, Infinity);
    expect(seen).toEqual(["5:1:0", "5:2:0", "5:3:0", "5:4:0"]);
  });
});

describe("Kernel: runFor", () => {
  it("events left, none up to the limit, none at all -> more, until with now at the limit, idle", () => {
    const { kernel, id, seen } = new Recording();
    for (const atMs of [1, 2, 8]) kernel.post(atMs, id, 0, 0, Phase.Arrival);
    expect(kernel.runFor(1, 5)).toBe("more");
    expect(kernel.now).toBe(1);
    expect(kernel.runFor(10, 5)).toBe("until");
    expect(kernel.now).toBe(5);
    expect(kernel.runFor(10, 8)).toBe("idle");
    expect(seen.length).toBe(3);
    expect(kernel.events).toBe(3);
    expect(kernel.now).toBe(8);
  });

  it("an event exactly at the limit -> handled", () => {
    const { kernel, id, seen } = new Recording();
    kernel.post(5, id, 0, 0, Phase.Arrival);
    kernel.runFor(10, 5);
    expect(seen).toEqual(["5:0:0"]);
  });

  it("a source without its next time -> starved until it is refilled, and nothing overtakes it", () => {
    const { kernel, id, seen } = new Recording();
    const times = [1];
    kernel.source(() => times.shift() ?? NaN, id, 1, 0, Phase.Arrival);
    kernel.post(3, id, 2, 0, Phase.Boundary);
    expect(kernel.runFor(10, 10)).toBe("starved");
    expect(kernel.runFor(10, 10)).toBe("starved");
    expect(seen).toEqual(["1:1:0"]);
    times.push(2, Infinity);
    expect(kernel.runFor(10, 10)).toBe("idle");
    expect(seen).toEqual(["1:1:0", "2:1:0", "3:2:0"]);
  });

  it("a source fires -> the actor is woken before the next time is asked for", () => {
    const actor = new Recording();
    const order: Array<string> = [];
    let atMs = 0;
    actor.act = () => order.push("wake");
    actor.kernel.source(() => (order.push("next"), (atMs += 1) <= 2 ? atMs : Infinity), actor.id, 0, 0, Phase.Arrival);
    actor.kernel.runFor(10, Infinity);
    expect(order).toEqual(["next", "wake", "next", "wake", "next"]);
  });

  it("a handler throws -> now and events tell where, and the run can go on", () => {
    const actor = new Recording();
    const { kernel, id } = actor;
    for (const atMs of [1, 2, 3]) kernel.post(atMs, id, atMs, 0, Phase.Boundary);
    actor.act = (op) => {
      if (op === 2) throw new Error("broken handler");
    };
    expect(() => kernel.runFor(10, Infinity)).toThrow("broken handler");
    expect(kernel.now).toBe(2);
    expect(kernel.events).toBe(2);
    expect(kernel.runFor(10, Infinity)).toBe("idle");
    expect(kernel.events).toBe(3);
  });

  it("actors of several kinds, registered between runs -> each gets its own op and ref", () => {
    const { kernel, id, seen } = new Recording();
    const other: Array<string> = [];
    kernel.runFor(1, 10);
    const second = kernel.join({ wake: (op, ref) => void other.push(`${op}:${ref}`) });
    for (let leaf = 0; leaf < 9; leaf++) kernel.timer(leaf % 2 === 0 ? id : second, leaf, -leaf, Phase.Control).set(20 - leaf);
    kernel.runFor(20, Infinity);
    expect(seen).toEqual(["12:8:-8", "14:6:-6", "16:4:-4", "18:2:-2", "20:0:0"]);
    expect(other).toEqual(["7:-7", "5:-5", "3:-3", "1:-1"]);
  });
});

describe("Kernel: monotone time", () => {
  it("a post in the past, at NaN, a timer in the past, a falling source -> invariant 2", () => {
    const { kernel, id } = new Recording();
    kernel.post(5, id, 0, 0, Phase.Arrival);
    kernel.runFor(1, Infinity);
    expect(broken(() => kernel.post(4, id, 0, 0, 0))).toBe(2);
    expect(broken(() => kernel.post(NaN, id, 0, 0, 0))).toBe(2);
    expect(broken(() => kernel.timer(id, 0, 0, 0).set(4.5))).toBe(2);
    expect(broken(() => kernel.source(once(4), id, 0, 0, 0))).toBe(2);
    expect(broken(() => kernel.post(5, id, 0, 0, 0))).toBe(0);
  });

  it("a posted time between two grid points -> the nearer one", () => {
    const { kernel, id } = new Recording();
    kernel.post(1 + 0.4 * grid.spacingMs, id, 0, 0, 0);
    kernel.runFor(1, Infinity);
    expect(kernel.now).toBe(1);
  });
});

describe("Kernel: tickets", () => {
  it("numbers that are no tickets -> revoke gives false and nothing is lost", () => {
    const { kernel, id, seen } = new Recording();
    kernel.post(1, id, 0, 0, 0);
    for (const ticket of [0, -1, NaN, Infinity, 1e300, 0.5, 7]) expect(kernel.revoke(ticket)).toBe(false);
    kernel.runFor(2, Infinity);
    expect(seen.length).toBe(1);
  });

  it("a ticket of a handled event whose slot is used again -> false, the new event stays", () => {
    const { kernel, id, seen } = new Recording();
    const old = kernel.post(1, id, 0, 0, 0);
    kernel.runFor(1, Infinity);
    kernel.post(2, id, 0, 1, 0);
    expect(kernel.revoke(old)).toBe(false);
    kernel.runFor(1, Infinity);
    expect(seen).toEqual(["1:0:0", "2:0:1"]);
  });
});

describe("DelayRing", () => {
  it("started twice -> falls due once, a delay after the second start", () => {
    const actor = new Recording();
    const ring = actor.kernel.ring(10, actor.id, 1, Phase.Timeout);
    ring.start(3);
    actor.act = (op) => {
      if (op === 0) ring.start(3);
    };
    actor.kernel.post(4, actor.id, 0, 0, 0);
    actor.kernel.runFor(10, Infinity);
    expect(actor.seen).toEqual(["4:0:0", "14:1:3"]);
  });

  it("random starts, stops and waits with many refs -> the same as a plain list", () => {
    const step = fc.record({
      ref: fc.nat(60),
      stop: fc.boolean(),
      waitMs: fc.constantFrom(0, 0, 0, 0, 1, 3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
        const { kernel, id, seen } = new Recording();
        const ring = kernel.ring(10, id, 1, Phase.Timeout);
        const expected: Array<string> = [];
        let pending: Array<{ ref: number; dueMs: number }> = [];
        for (const { ref, stop, waitMs } of steps) {
          const known = pending.some((entry) => entry.ref === ref);
          pending = pending.filter((entry) => entry.ref !== ref);
          expect(stop ? ring.stop(ref) : known).toBe(known);
          if (!stop) pending.push({ ref, dueMs: kernel.now + 10 });
          if (!stop) ring.start(ref);
          expect(ring.live).toBe(pending.length);
          const untilMs = kernel.now + waitMs;
          for (const entry of pending) if (entry.dueMs <= untilMs) expected.push(`${entry.dueMs}:1:${entry.ref}`);
          pending = pending.filter((entry) => entry.dueMs > untilMs);
          // Without an event to come, the clock stands still; this one keeps it going.
          kernel.post(untilMs, id, 0, 0, Phase.Control);
          kernel.runFor(1000, untilMs);
        }
        expect(seen.filter((line) => line.includes(":1:"))).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("many refs through growth, most stopped -> only the others fall due, in the order of their start", () => {
    const { kernel, id, seen } = new Recording();
    const ring = kernel.ring(10, id, 1, Phase.Timeout);
    for (let ref = 0; ref < 5_000; ref++) ring.start(ref);
    for (let ref = 0; ref < 5_000; ref++) expect(ref % 7 === 0 || ring.stop(ref)).toBe(true);
    expect(ring.stop(1)).toBe(false);
    expect(ring.live).toBe(715);
    expect(kernel.runFor(1e5, Infinity)).toBe("idle");
    expect(kernel.events).toBe(715);
    expect(seen).toEqual(Array.from({ length: 715 }, (_, count) => `10:1:${count * 7}`));
  });

  it("started and stopped a million times -> no event and no growth of the memory", () => {
    const { kernel, id } = new Recording();
    const ring = kernel.ring(10, id, 1, Phase.Timeout);
    ring.start(1);
    for (let count = 0; count < 1e6; count++) {
      ring.start(2);
      ring.stop(2);
    }
    expect(ring.capacity).toBeLessThan(64);
    expect(kernel.runFor(1e5, Infinity)).toBe("idle");
    expect(kernel.events).toBe(1);
  });

  it("a negative ref, a negative or infinite delay -> RangeError", () => {
    const { kernel, id } = new Recording();
    expect(() => kernel.ring(1, id, 0, 0).start(-1)).toThrow(RangeError);
    expect(() => kernel.ring(-1, id, 0, 0)).toThrow(RangeError);
    expect(() => kernel.ring(Infinity, id, 0, 0)).toThrow(RangeError);
  });
});

describe("Timer.passed", () => {
  /** What wakes at the instant beside the timer. */
  const place = fc.record({ phase: phase(), kind: fc.constantFrom("source" as const, "timer" as const, "post" as const) });

  it("law: it is so from the wake on that comes after the timer's turn, as a timer set for the instant shows", () => {
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 8 }),
        phase(),
        fc.nat(8),
        fc.array(phase(), { maxLength: 2 }),
        (places, own, before, late) => {
          const passedAt = (set: boolean): ReadonlyArray<readonly [op: number, passed: boolean]> => {
            const world = new Recording();
            const { kernel, id } = world;
            const wakes: Array<readonly [number, boolean]> = [];
            let timer = kernel.timer(id, 99, 0, own);
            places.forEach(({ phase: of, kind }, op) => {
              if (op === before) timer = kernel.timer(id, 99, 0, own);
              if (kind === "source") kernel.source(once(5), id, op, 0, of);
              else if (kind === "timer") kernel.timer(id, op, 0, of).set(5);
              else kernel.post(5, id, op, 0, of);
            });
            if (set) timer.set(5);
            const again = [...late];
            world.act = (op) => {
              wakes.push([op, timer.passed]);
              // Whatever is posted now for this instant may come after later phases.
              const of = again.pop();
              if (of !== undefined) kernel.post(5, id, 50 + again.length, 0, of);
            };
            kernel.runFor(100, 5);
            expect(timer.passed).toBe(true);
            return wakes;
          };
          const told = passedAt(false);
          const shown = passedAt(true);
          const turn = shown.findIndex(([op]) => op === 99);
          fc.pre(late.length === 0 || turn >= late.length);
          expect(told).toEqual(shown.filter(([op]) => op !== 99).map(([op], i) => [op, i >= turn]));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("a new instant -> no turn of it is over", () => {
    const { kernel, id } = new Recording();
    const timer = kernel.timer(id, 0, 0, Phase.Boundary);
    kernel.runFor(10, 3);
    expect(timer.passed).toBe(true);
    kernel.post(4, id, 1, 0, Phase.Arrival);
    kernel.runFor(1, 10);
    expect(timer.passed).toBe(false);
  });
});

function once(atMs: number): () => number {
  let asked = 0;
  return () => (asked++ === 0 ? atMs : Infinity);
}

function half(max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: max * 2 }).map((count) => count / 2);
}
function phase(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 4 });
}

/** The number of the invariant that the act breaks, 0 for none. */
function broken(act: () => unknown): number {
  try {
    act();
  } catch (error) {
    if (error instanceof InvariantBroken) return error.number;
  }
  return 0;
}
