import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ShedderSpec, ShedRequest } from "../../../src/policy/shedding/index.ts";
import {
  ClientThrottle,
  Codel,
  PriorityLevel,
  QueueShedder,
  StandingTimeout,
  SuccessThrottle,
  Verdict,
} from "../../../src/policy/shedding/index.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

const PLAIN: ShedderSpec = { requests: Infinity, tokens: Infinity, order: { kind: "fifo" }, deadlines: true };
const ask = (fields: Partial<ShedRequest> = {}): ShedRequest => ({
  tokens: 1,
  deadlineMs: Infinity,
  expectedServiceMs: 0,
  business: 0,
  user: 0,
  ...fields,
});

interface Waiter extends ShedRequest {
  readonly sinceMs: number;
}

/** One server behind a shedder, as a gateway drives it; every request ends in exactly one column. */
class Station {
  readonly queue: Array<Waiter> = [];
  readonly ends = new Map<number, number>();
  readonly startedLate: Array<number> = [];
  completed = 0;
  withdrawn = 0;
  shedWhileIdle = 0;
  busyUntilMs = -Infinity;
  readonly shedder: QueueShedder;

  constructor(shedder: QueueShedder) {
    this.shedder = shedder;
  }

  private end(verdict: number): void {
    this.ends.set(verdict, (this.ends.get(verdict) ?? 0) + 1);
  }

  private run(request: ShedRequest, waitedMs: number, queued: boolean, now: number): boolean {
    const verdict = this.shedder.start(request, waitedMs, queued, now);
    if (verdict === Verdict.Pass && now + request.expectedServiceMs > request.deadlineMs) this.startedLate.push(now);
    if (verdict !== Verdict.Pass) this.end(verdict);
    if (verdict !== Verdict.Pass && verdict !== Verdict.Expired && !queued) this.shedWhileIdle++;
    if (verdict !== Verdict.Pass) return false;
    this.completed++;
    this.busyUntilMs = now + Math.max(1, request.expectedServiceMs);
    return true;
  }

  advance(now: number): void {
    while (this.busyUntilMs <= now && this.queue.length > 0) {
      const at = Math.max(this.busyUntilMs, this.queue[0]!.sinceMs);
      const next = this.shedder.newestFirst(at) ? this.queue.pop()! : this.queue.shift()!;
      this.run(next, at - next.sinceMs, true, at);
    }
  }

  arrive(request: ShedRequest, draw: number, now: number): void {
    const verdict = this.shedder.arrive(request, draw, now);
    if (verdict !== Verdict.Pass) return this.end(verdict);
    if (this.busyUntilMs <= now && this.queue.length === 0) return void this.run(request, 0, false, now);
    const room = this.shedder.enter(request, now);
    if (room === Verdict.Pass) this.queue.push({ ...request, sinceMs: now });
    else this.end(room);
  }

  leave(which: number, now: number): void {
    if (this.queue.length === 0) return;
    const [gone] = this.queue.splice(which % this.queue.length, 1);
    this.shedder.withdraw(gone!, now);
    this.withdrawn++;
  }
}

const specs: fc.Arbitrary<ShedderSpec> = fc.record(
  {
    requests: fc.constantFrom(0, 1, 5, Infinity),
    tokens: fc.constantFrom(0, 10, 50, Infinity),
    order: fc.constantFrom({ kind: "fifo" } as const, { kind: "lifo" } as const, { kind: "adaptiveLifo", standingMs: 20 } as const),
    deadlines: fc.boolean(),
    delay: fc.constantFrom(
      { kind: "codel", targetMs: 5, intervalMs: 50 } as const,
      { kind: "standingTimeout", targetMs: 5, intervalMs: 50 } as const,
    ),
    priority: fc.constant({
      queueWaitMs: 5,
      windowMs: 50,
      windowRequests: 20,
      cutRatio: 0.2,
      growRatio: 0.1,
      businessLevels: 2,
      userLevels: 4,
    }),
    throttle: fc.constant({ kind: "client", multiplier: 2, windowMs: 1000, buckets: 10 } as const),
  },
  { requiredKeys: ["requests", "tokens", "order", "deadlines"] },
);
const steps = fc.array(
  fc.record({
    gapMs: fc.constantFrom(0, 1, 3, 10, 49, 50, 51),
    act: fc.constantFrom("arrive", "arrive", "arrive", "leave"),
    tokens: fc.constantFrom(1, 5, 10, 11, 51),
    patienceMs: fc.constantFrom(0, 9, 10, 11, 100, Infinity),
    serviceMs: fc.constantFrom(1, 10, 30),
    user: fc.nat(7),
    draw: fc.nat(999).map((part) => part / 1000),
  }),
  { maxLength: 80 },
);

const allSpecs: fc.Arbitrary<ShedderSpec> = fc.tuple(specs, fc.boolean()).map(([spec, success]) => {
  if (!success || spec.throttle === undefined) return spec;
  const envoy = { threshold: 0.95, aggression: 1, windowMs: 1000, buckets: 10, minimumPerSecond: 0, maxRejectionRatio: 0.8 };
  return { ...spec, throttle: { kind: "success", ...envoy } };
});
const calls = fc.array(
  fc.record({
    gapMs: fc.constantFrom(0, 1, 3, 10, 49, 50, 51),
    act: fc.constantFrom("arrive", "arrive", "enter", "enter", "enter", "take", "take", "idle", "leave", "accepted", "refused"),
    tokens: fc.constantFrom(1, 5, 10, 11),
    patienceMs: fc.constantFrom(0, 100, Infinity),
    serviceMs: fc.constantFrom(0, 10),
    user: fc.nat(7),
    draw: fc.nat(999).map((part) => part / 1000),
  }),
  { minLength: 10, maxLength: 60, size: "max" },
);

/** The parts of a shedder by themselves, and the queue as a list. */
class Parts {
  readonly spec: ShedderSpec;
  readonly queue: Array<Waiter> = [];
  readonly newestAfterMs: number;
  readonly delay: Codel | StandingTimeout | undefined;
  readonly priority: PriorityLevel | undefined;
  readonly client: ClientThrottle | undefined;
  readonly success: SuccessThrottle | undefined;
  emptyAtMs = -Infinity;

  constructor(spec: ShedderSpec) {
    const { order, delay, priority, throttle } = spec;
    this.spec = spec;
    this.newestAfterMs = order.kind === "fifo" ? Infinity : order.kind === "lifo" ? 0 : order.standingMs;
    this.delay = delay && (delay.kind === "codel" ? new Codel(delay) : new StandingTimeout(delay));
    this.priority = priority && new PriorityLevel(priority);
    if (throttle?.kind === "client") this.client = new ClientThrottle(throttle);
    if (throttle?.kind === "success") this.success = new SuccessThrottle(throttle);
  }

  arrive({ business, user }: ShedRequest, draw: number, now: number): number {
    if (this.client !== undefined && !this.client.admits(draw, now)) return Verdict.Throttled;
    if (this.success !== undefined && !this.success.admits(draw, now)) return Verdict.Throttled;
    if (this.priority !== undefined && !this.priority.admits(business, user, this.queue.length, now)) return Verdict.LowPriority;
    return Verdict.Pass;
  }

  enter(request: ShedRequest, now: number): number {
    if (this.queue.length === 0) this.emptyAtMs = now;
    if (this.queue.length >= this.spec.requests) return Verdict.QueueFull;
    if (this.queue.reduce((sum, { tokens }) => sum + tokens, request.tokens) > this.spec.tokens) return Verdict.TokensFull;
    this.queue.push({ ...request, sinceMs: now });
    return Verdict.Pass;
  }

  start(request: ShedRequest, waitedMs: number, queued: boolean, now: number): number {
    const late = this.spec.deadlines && now + request.expectedServiceMs > request.deadlineMs;
    let verdict: number = late ? Verdict.Expired : Verdict.Pass;
    if (!late && !queued) this.delay?.foundEmpty();
    if (!late && queued && this.delay?.drops(waitedMs, this.queue.length - 1, this.standingMs(now), now) === true)
      verdict = Verdict.Delayed;
    if (queued) this.remove(request as Waiter, now);
    if (verdict !== Verdict.Pass && this.queue.length === 0) this.delay?.foundEmpty();
    this.priority?.started(waitedMs, this.queue.length, now);
    return verdict;
  }

  remove(waiter: Waiter, now: number): void {
    this.queue.splice(this.queue.indexOf(waiter), 1);
    if (this.queue.length === 0) this.emptyAtMs = now;
  }

  answered(accepted: boolean, now: number): void {
    if (accepted) this.client?.accepted(now);
    this.success?.answered(accepted, now);
  }

  standingMs(now: number): number {
    return this.queue.length === 0 ? 0 : now - this.emptyAtMs;
  }
}

describe("shedder", () => {
  it("shedder: any rules and history -> within both bounds, outcomes sum to arrivals, no start that ends after its deadline", () => {
    fc.assert(
      fc.property(specs, steps, (spec, history) => {
        const shedder = new QueueShedder(spec);
        const station = new Station(shedder);
        let [now, arrivals] = [0, 0];
        for (const { gapMs, act, tokens, patienceMs, serviceMs, user, draw } of history) {
          now += gapMs;
          station.advance(now);
          if (act === "leave") station.leave(user, now);
          else {
            arrivals++;
            station.arrive(
              ask({ tokens, deadlineMs: now + patienceMs, expectedServiceMs: serviceMs, business: user >> 2, user: user & 3 }),
              draw,
              now,
            );
          }
          const waitingTokens = station.queue.reduce((sum, waiter) => sum + waiter.tokens, 0);
          expect([shedder.waiting, shedder.waitingTokens]).toEqual([station.queue.length, waitingTokens]);
          expect(station.queue.length).toBeLessThanOrEqual(spec.requests);
          expect(waitingTokens).toBeLessThanOrEqual(spec.tokens);
          const refused = [...station.ends.values()].reduce((sum, count) => sum + count, 0);
          expect(station.completed + refused + station.queue.length + station.withdrawn).toBe(arrivals);
        }
        if (spec.deadlines) expect(station.startedLate).toEqual([]);
        expect(station.shedWhileIdle).toBe(0);
      }),
    );
  });

  it("shedder: now + service is the deadline -1, 0, +1 -> expired only when it would end after it", () => {
    const shedder = new QueueShedder(PLAIN);
    const at = (deadlineMs: number) => shedder.start(ask({ deadlineMs, expectedServiceMs: 10 }), 0, false, 90);
    expect([at(99), at(100), at(101)]).toEqual([Verdict.Expired, Verdict.Pass, Verdict.Pass]);
    expect(new QueueShedder({ ...PLAIN, deadlines: false }).start(ask({ deadlineMs: 1 }), 0, false, 90)).toBe(Verdict.Pass);
  });

  it("shedder: bounds reached -1, 0, +1 -> refused only above; one request above the token bound -> refused also by an empty queue", () => {
    const shedder = new QueueShedder({ ...PLAIN, requests: 2, tokens: 100 });
    expect(shedder.enter(ask({ tokens: 101 }), 0)).toBe(Verdict.TokensFull);
    expect(shedder.enter(ask({ tokens: 60 }), 0)).toBe(Verdict.Pass);
    expect(shedder.enter(ask({ tokens: 41 }), 0)).toBe(Verdict.TokensFull);
    expect(shedder.enter(ask({ tokens: 40 }), 0)).toBe(Verdict.Pass);
    expect(shedder.enter(ask({ tokens: 0 }), 0)).toBe(Verdict.QueueFull);
    expect(shedder.start(ask({ tokens: 40 }), 0, true, 0)).toBe(Verdict.Pass);
    expect([shedder.waiting, shedder.waitingTokens]).toEqual([1, 60]);
  });

  it("shedder: a queue that stands for 99, 100, 101 ms -> newest first from 100 on, oldest first again once it was empty", () => {
    const shedder = new QueueShedder({ ...PLAIN, order: { kind: "adaptiveLifo", standingMs: 100 } });
    shedder.enter(ask(), 5);
    expect([5, 104, 105, 106].map((now) => shedder.newestFirst(now))).toEqual([false, false, true, true]);
    shedder.withdraw(ask(), 106);
    shedder.enter(ask(), 107);
    expect([106, 206, 207].map((now) => shedder.newestFirst(now))).toEqual([false, false, true]);
    expect(new QueueShedder({ ...PLAIN, order: { kind: "lifo" } }).newestFirst(0)).toBe(true);
    expect(new QueueShedder(PLAIN).newestFirst(1e15)).toBe(false);
  });

  it("shedder: 1, 2, 5 and 10 x capacity -> fifo without rules loses all goodput, adaptive lifo with the standing timeout keeps it", () => {
    const goodput = (spec: ShedderSpec, load: number): number => {
      const station = new Station(new QueueShedder({ ...spec, deadlines: false }));
      let good = 0;
      const shedder = station.shedder;
      const start = shedder.start.bind(shedder);
      // Good: started within 200 ms of its arrival; one request takes 10 ms.
      shedder.start = (request, waitedMs, queued, now) => {
        const verdict = start(request, waitedMs, queued, now);
        if (verdict === Verdict.Pass && waitedMs <= 200 && now > 10_000) good++;
        return verdict;
      };
      for (let turn = 0; turn < 6000 * load; turn++) {
        const now = (10 * turn) / load;
        station.advance(now);
        station.arrive(ask({ expectedServiceMs: 10 }), 0, now);
      }
      return good / 5000;
    };
    const guarded: ShedderSpec = {
      ...PLAIN,
      requests: 100_000,
      order: { kind: "adaptiveLifo", standingMs: 100 },
      delay: { kind: "standingTimeout", targetMs: 50, intervalMs: 200 },
    };
    for (const load of [1, 2, 5, 10]) {
      expect(goodput(guarded, load)).toBeGreaterThan(0.95);
      if (load > 1) expect(goodput({ ...PLAIN, requests: 100_000 }, load)).toBeLessThan(0.05);
    }
  });

  it("shedder: any rules and calls -> the verdicts of its parts, each asked in the order of the rules", () => {
    fc.assert(
      fc.property(allSpecs, calls, (spec, history) => {
        const shedder = new QueueShedder(spec);
        const parts = new Parts(spec);
        let now = 3;
        for (const { gapMs, act, tokens, patienceMs, serviceMs, user, draw } of history) {
          now += gapMs;
          const request = ask({ tokens, deadlineMs: now + patienceMs, expectedServiceMs: serviceMs, business: user >> 2, user: user & 3 });
          if (act === "arrive") expect(shedder.arrive(request, draw, now)).toBe(parts.arrive(request, draw, now));
          if (act === "enter") expect(shedder.enter(request, now)).toBe(parts.enter(request, now));
          if (act === "idle") expect(shedder.start(request, 0, false, now)).toBe(parts.start(request, 0, false, now));
          if (act === "take" && parts.queue.length > 0) {
            const next = shedder.newestFirst(now) ? parts.queue.at(-1)! : parts.queue[0]!;
            expect(shedder.start(next, now - next.sinceMs, true, now)).toBe(parts.start(next, now - next.sinceMs, true, now));
          }
          if (act === "leave" && parts.queue.length > 0) {
            const gone = parts.queue[user % parts.queue.length]!;
            shedder.withdraw(gone, now);
            parts.remove(gone, now);
          }
          if (act === "accepted" || act === "refused") {
            shedder.answered(act === "accepted", now);
            parts.answered(act === "accepted", now);
          }
          expect(shedder.newestFirst(now)).toBe(parts.standingMs(now) >= parts.newestAfterMs);
          expect(shedder.waiting).toBe(parts.queue.length);
        }
      }),
    );
  });

  it("shedder: the last one expires after the delay control saw it late -> the queue was empty: the next ones are not late yet", () => {
    const shedder = new QueueShedder({ ...PLAIN, delay: { kind: "codel", targetMs: 5, intervalMs: 100 } });
    const start = (request: ShedRequest, waitedMs: number, now: number) => shedder.start(request, waitedMs, true, now);
    for (let i = 0; i < 3; i++) shedder.enter(ask(), 0);
    expect([start(ask(), 10, 10), start(ask(), 10, 20)]).toEqual([Verdict.Pass, Verdict.Pass]);
    expect(start(ask({ deadlineMs: 0 }), 30, 30)).toBe(Verdict.Expired);
    for (let i = 0; i < 2; i++) shedder.enter(ask(), 100);
    expect(start(ask(), 20, 120)).toBe(Verdict.Pass);
  });

  it("shedder: its name; a setting out of bounds -> the fault that says what it must be", () => {
    const build = (spec: ShedderSpec) => new QueueShedder(spec);
    expect(build(PLAIN).name).toBe("fifo");
    const bound = "a whole number >= 0, or Infinity";
    expectFaults("queue", PLAIN, { requests: bound, tokens: bound }, build);
    expect(faultOf(() => build({ ...PLAIN, order: { kind: "adaptiveLifo", standingMs: -1 } }))).toEqual(
      new SettingFault("adaptiveLifo.standingMs", "a finite number >= 0", -1),
    );
  });
});
