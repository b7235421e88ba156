import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Answer, Left, Loaded, planWarmUp, refreshesEarly, Settled } from "../../../src/policy/caching/index.ts";
import { drawsOf } from "../routing/Fleet.ts";
import { expectFaults } from "../Settings.ts";
import { cacheOf, callersOf, load, PLAIN } from "./Caches.ts";
import { NaiveCache } from "./NaiveCache.ts";

const asks = ["ask", "ask", "ask", "ask", "ask"];

describe("result cache, any history", () => {
  const step = fc.record({
    gapMs: fc.constantFrom(0, 0, 1, 49, 50, 51, 99, 100, 101, 400),
    act: fc.constantFrom("ask", "ask", "ask", "end", "fail", "absent", "unkept", "cancel", "prefetch", "write", "flush", "lease"),
    key: fc.constantFrom("", "a", "a:b", "__proto__"),
    which: fc.nat(20),
    draw: fc.nat(999).map((part) => part / 1000),
  });
  const settings = fc.record({
    maxEntries: fc.constantFrom(1, 2, 10),
    earlyRefresh: fc.constantFrom(0, 1),
    staleWhileRevalidateMs: fc.constantFrom(0, 50),
    staleIfErrorMs: fc.constantFrom(0, 100),
    negativeTtlMs: fc.constantFrom(0, 50),
    coalesce: fc.boolean(),
    leaseMs: fc.constantFrom(100, Infinity),
    onLeaderCancel: fc.constantFrom("keep" as const, "handOver" as const),
    maxLoads: fc.constantFrom(2, 20),
    maxWaiters: fc.constantFrom(3, 50),
  });

  it("cache: any history -> every answer, count, load and waiter of the rules over lists", () => {
    const keys = ["", "a", "__proto__"];
    const all = fc.record({
      gapMs: fc.constantFrom(0, 0, 0, 1, 10, 49, 50, 51, 99, 100, 101, 400),
      act: fc.constantFrom(...asks, "end", "end", "fail", "absent", "unkept", "cancel", "cancel", "prefetch", "write", "flush", "lease"),
      key: fc.constantFrom(...keys),
      which: fc.nat(3),
      draw: fc.nat(999).map((part) => part / 1000),
      back: fc.constantFrom(0, 0, -30),
    });
    fc.assert(
      fc.property(settings, fc.constantFrom(0, 0, 0.5), fc.array(all, { maxLength: 60, size: "max" }), (some, ttlJitterRatio, history) => {
        const chosen = { ...PLAIN, ...some, ttlJitterRatio, ttlMs: 100 };
        const cache = cacheOf(chosen);
        const naive = new NaiveCache(chosen);
        const known: Array<{ readonly caller: number; readonly waiter: number }> = [];
        const ids: Array<number> = [];
        let [now, caller] = [0, -1];
        const begun = (): void => {
          naive.load!.id = cache.flight;
          ids.push(cache.flight);
        };
        for (const { gapMs, act, key, which, draw, back } of history) {
          now += gapMs;
          // Nothing to cancel or to end: the cache is not called, and learns no time.
          const named = act === "cancel" ? known : ids;
          if (named.length === 0 && !["ask", "prefetch", "write", "flush"].includes(act)) continue;
          // A reading that steps back counts as the latest.
          naive.nowMs = Math.max(naive.nowMs, now + back);
          const at = now + back;
          if (act === "ask") {
            const answer = naive.request(key, ++caller, draw);
            expect(cache.request(key, caller, draw, at)).toBe(answer);
            if (answer === Answer.Lead || answer === Answer.HitAndLoad || answer === Answer.StaleAndLoad) begun();
            if (answer === Answer.Lead || answer === Answer.Follow) known.push({ caller, waiter: cache.waiter });
          } else if (act === "cancel") {
            const one = known[Math.max(0, known.length - 1 - which)]!;
            const left = naive.cancel(one.caller);
            expect(cache.cancel(one.waiter, at)).toBe(left);
            if (left === Left.HandedOver) {
              begun();
              expect(cache.newLeader).toBe(naive.load!.leader);
            }
          } else if (act === "write") {
            cache.invalidate(key, at);
            naive.write((other) => other === key);
          } else if (act === "flush") {
            cache.flush(at);
            naive.write(() => true);
          } else if (act === "prefetch") {
            const loads = naive.prefetch(key);
            expect(cache.prefetch(key, at)).toBe(loads);
            if (loads) begun();
          } else if (ids.length > 0) {
            const id = ids[Math.max(0, ids.length - 1 - which)]!;
            if (act === "lease") {
              const leader = naive.leaseEnded(id);
              expect(cache.leaseEnded(id, at)).toBe(leader);
              if (leader >= 0) {
                begun();
                expect(cache.newLeader).toBe(leader);
              }
            } else {
              const how = { fail: Loaded.Failed, absent: Loaded.Absent, end: Loaded.Value, unkept: Loaded.Unkept }[act as string]!;
              const waiters = naive.loads.find((load) => load.id === id)?.waiters ?? [];
              const settled = naive.settle(id, how, draw);
              expect(cache.settle(id, how, 1, draw, at)).toBe(settled);
              if (settled !== Settled.Late) expect(callersOf(cache, id)).toEqual(waiters);
            }
          }
          expect(cache.counts).toEqual(naive.counts);
          expect([cache.loadsInFlight, cache.entries.size]).toEqual([naive.loads.length, naive.entries.length]);
          for (const { caller: who, waiter } of known.slice(-5)) {
            expect(cache.flightOf(waiter)).toBe(naive.loads.find(({ waiters }) => waiters.includes(who))?.id ?? -1);
          }
        }
        expect(keys.filter((key) => cache.entries.find(key) >= 0)).toEqual(
          keys.filter((key) => naive.entries.some((entry) => entry.key === key)),
        );
      }),
    );
  });

  it("cache: each caller settles once, no value from before a write, ages and loads within bounds, counts add up", () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 90 }), (chosen, history) => {
        const cache = cacheOf({ ...chosen, ttlMs: 100 });
        const versions = new Map<string, number>();
        const versionOf = (key: string) => versions.get(key) ?? 0;
        const stored = new Map<string, { version: number; atMs: number }>();
        const flights = new Map<number, { key: string; version: number; detached: boolean }>();
        const waiting = new Map<number, { key: string; waiter: number; version: number }>();
        let [now, caller, served] = [0, 0, 0];
        const open = (key: string) => flights.set(cache.flight, { key, version: versionOf(key), detached: false });
        for (const { gapMs, act, key, which, draw } of history) {
          now += gapMs;
          const flight = [...flights.keys()][which % Math.max(1, flights.size)];
          if (act === "ask") {
            const answer = cache.request(key, ++caller, draw, now);
            const entry = stored.get(key);
            if (answer <= Answer.StaleAndLoad) {
              served++;
              expect(entry!.version).toBe(versionOf(key));
              const ageMs = now - entry!.atMs;
              expect(ageMs).toBeLessThan(answer <= Answer.HitAndLoad ? 100 : 100 + chosen.staleWhileRevalidateMs);
            } else if (answer === Answer.Negative || answer === Answer.Refused) served++;
            else waiting.set(caller, { key, waiter: cache.waiter, version: versionOf(key) });
            if (answer === Answer.HitAndLoad || answer === Answer.StaleAndLoad || answer === Answer.Lead) open(key);
          } else if (act === "cancel") {
            const [who, place] = [...waiting][which % Math.max(1, waiting.size)] ?? [];
            if (who === undefined) continue;
            if (cache.cancel(place!.waiter, now) === Left.HandedOver) {
              expect(waiting.get(cache.newLeader)!.key).toBe(place!.key);
              expect(cache.newLeader).not.toBe(who);
              open(place!.key);
            }
            waiting.delete(who);
            expect(cache.cancel(place!.waiter, now)).toBe(Left.Unknown);
          } else if (act === "write") {
            versions.set(key, versionOf(key) + 1);
            cache.invalidate(key, now);
          } else if (act === "flush") {
            for (const each of ["", "a", "a:b", "__proto__"]) versions.set(each, versionOf(each) + 1);
            cache.flush(now);
          } else if (flight !== undefined && act === "lease") {
            const dead = [...waiting].filter(([, place]) => place.key === flights.get(flight)!.key).map(([who]) => who);
            const leader = cache.leaseEnded(flight, now);
            if (leader >= 0) {
              expect(dead).toContain(leader);
              open(flights.get(flight)!.key);
            }
          } else if (flight !== undefined && act !== "prefetch" && act !== "unkept") {
            const { key: of, version } = flights.get(flight)!;
            const how = act === "fail" ? Loaded.Failed : act === "absent" ? Loaded.Absent : Loaded.Value;
            const settled = cache.settle(flight, how, 1, 0.5, now);
            flights.delete(flight);
            if (settled === Settled.Stored) {
              expect(version).toBe(versionOf(of));
              stored.set(of, { version, atMs: now });
            }
            if (settled === Settled.Late) continue;
            for (const who of callersOf(cache, flight)) {
              // Whoever came after a write never gets what was loaded before it.
              expect(waiting.get(who)!.version).toBeLessThanOrEqual(version);
              expect(waiting.get(who)!.key).toBe(of);
              waiting.delete(who);
            }
            expect(cache.settle(flight, how, 1, 0.5, now)).toBe(Settled.Late);
          }
          const { requests, hits, stale, negative, misses, coalesced, refused } = cache.counts;
          expect(requests).toBe(hits + stale + negative + misses + coalesced + refused);
          expect(requests).toBe(caller);
          expect(served).toBe(hits + stale + negative + refused);
          expect(cache.loadsInFlight).toBeLessThanOrEqual(chosen.maxLoads);
          expect(cache.entries.size).toBeLessThanOrEqual(chosen.maxEntries);
        }
      }),
    );
  });
});

describe("result cache, cases", () => {
  it("cache: age 999, 1,000, 1,001 with a TTL of 1,000 -> fresh only below it; a clock that steps back revives nothing", () => {
    const cache = cacheOf();
    load(cache, "k", 0);
    expect([999, 1000].map((now) => cache.request("k", 1, 0, now))).toEqual([Answer.Hit, Answer.Lead]);
    expect(cache.request("k", 2, 0, 5)).toBe(Answer.Follow);
  });

  it("cache: a hundred callers at once -> one load, all others follow; the failure goes to them, the next caller loads again", () => {
    const cache = cacheOf();
    const answers = Array.from({ length: 100 }, (_, caller) => cache.request("k", caller, 0, 0));
    expect(answers).toEqual([Answer.Lead, ...Array.from({ length: 99 }, () => Answer.Follow)]);
    const { flight } = cache;
    expect(cache.settle(flight, Loaded.Failed, 0, 0, 10)).toBe(Settled.Negative);
    expect(callersOf(cache, flight)).toEqual(Array.from({ length: 100 }, (_, caller) => caller));
    expect(cache.request("k", 0, 0, 10)).toBe(Answer.Lead);
    expect(cache.counts.loads).toBe(2);
  });

  it("cache: the leader cancels -> the load is kept, or handed to the oldest follower and the old end ignored; all cancel -> cancelled", () => {
    const keep = cacheOf();
    keep.request("k", 1, 0, 0);
    const [led, { flight }] = [keep.waiter, keep];
    keep.request("k", 2, 0, 0);
    const followed = keep.waiter;
    expect(keep.cancel(led, 1)).toBe(Left.Gone);
    expect(keep.request("k", 3, 0, 1)).toBe(Answer.Follow);
    expect([keep.cancel(keep.waiter, 2), keep.cancel(followed, 2)]).toEqual([Left.Gone, Left.Cancelled]);
    expect([keep.loadsInFlight, keep.settle(flight, Loaded.Value, 1, 0, 3), keep.request("k", 4, 0, 3)]).toEqual([
      0,
      Settled.Late,
      Answer.Lead,
    ]);
    const hand = cacheOf({ onLeaderCancel: "handOver" });
    hand.request("k", 1, 0, 0);
    const [first, old] = [hand.waiter, hand.flight];
    hand.request("k", 2, 0, 0);
    hand.request("k", 3, 0, 0);
    expect([hand.cancel(first, 1), hand.newLeader]).toEqual([Left.HandedOver, 2]);
    expect(hand.settle(old, Loaded.Value, 1, 0, 2)).toBe(Settled.Late);
    expect(hand.settle(hand.flight, Loaded.Value, 1, 0, 3)).toBe(Settled.Stored);
    expect(callersOf(hand, hand.flight)).toEqual([2, 3]);
  });

  it("cache: an owner pauses beyond its lease -> the next caller or the oldest follower owns the load; the late end stores nothing", () => {
    const cache = cacheOf({ leaseMs: 100 });
    cache.request("k", 1, 0, 0);
    const late = cache.flight;
    expect(cache.request("k", 2, 0, 99)).toBe(Answer.Follow);
    expect([cache.leaseEnded(late, 99), cache.leaseEnded(late, 100)]).toEqual([-1, 2]);
    const { flight } = cache;
    expect(cache.settle(late, Loaded.Value, 1, 0, 150)).toBe(Settled.Late);
    expect(cache.request("k", 3, 0, 200)).toBe(Answer.Lead);
    expect(cache.settle(flight, Loaded.Value, 1, 0, 210)).toBe(Settled.Late);
    expect(cache.settle(cache.flight, Loaded.Value, 1, 0, 220)).toBe(Settled.Stored);
    expect(cache.counts.late).toBe(2);
  });

  it("cache: a write during a load -> its callers get the value, nobody later does, and it is not stored; two writes too", () => {
    const cache = cacheOf();
    cache.request("k", 1, 0, 0);
    const { flight } = cache;
    cache.invalidate("k", 1);
    cache.invalidate("k", 2);
    expect(cache.request("k", 2, 0, 3)).toBe(Answer.Lead);
    expect(cache.settle(flight, Loaded.Value, 1, 0, 4)).toBe(Settled.Served);
    expect(callersOf(cache, flight)).toEqual([1]);
    expect(cache.request("k", 3, 0, 5)).toBe(Answer.Follow);
  });

  it("cache: stale windows -1, 0, +1 -> stale while revalidating with one load; stale on error after that; then nothing", () => {
    const cache = cacheOf({ staleWhileRevalidateMs: 100, staleIfErrorMs: 300 });
    load(cache, "k", 0);
    expect([999, 1000, 1099].map((now) => cache.request("k", 1, 0, now))).toEqual([Answer.Hit, Answer.StaleAndLoad, Answer.Stale]);
    expect(cache.request("k", 2, 0, 1100)).toBe(Answer.Follow);
    expect(cache.settle(cache.flight, Loaded.Failed, 0, 0, 1299)).toBe(Settled.StaleOnError);
    callersOf(cache, cache.flight);
    expect(cache.request("k", 3, 0, 1300)).toBe(Answer.Lead);
    expect(cache.settle(cache.flight, Loaded.Failed, 0, 0, 1300)).toBe(Settled.Negative);
  });

  it("cache: a failed refresh within the stale window -> the old value stays; absent replaces it", () => {
    for (const how of [Loaded.Failed, Loaded.Absent]) {
      const cache = cacheOf({ staleWhileRevalidateMs: 100, negativeTtlMs: 50 });
      load(cache, "k", 0);
      expect(cache.request("k", 1, 0, 1000)).toBe(Answer.StaleAndLoad);
      expect(cache.settle(cache.flight, how, 0, 0, 1010)).toBe(Settled.Negative);
      callersOf(cache, cache.flight);
      expect(cache.request("k", 1, 0, 1011)).toBe(how === Loaded.Failed ? Answer.StaleAndLoad : Answer.Negative);
    }
  });

  it("cache: a loader that always fails -> loads at most elapsed / negative TTL + 1; a write or a success ends it at once", () => {
    const cache = cacheOf({ negativeTtlMs: 50 });
    for (let now = 0; now < 1000; now++) {
      if (cache.request("k", 0, 0, now) !== Answer.Lead) continue;
      cache.settle(cache.flight, Loaded.Failed, 0, 0, now);
      callersOf(cache, cache.flight);
    }
    expect(cache.counts.loads).toBe(20);
    expect(cache.request("k", 0, 0, 999)).toBe(Answer.Negative);
    cache.invalidate("k", 999);
    load(cache, "k", 999);
    expect(cache.request("k", 0, 0, 1000)).toBe(Answer.Hit);
  });

  it("cache: TTL jitter 20 %, draws 0, 1/2, just below 1 -> 800, 1,000, just below 1,200 ms", () => {
    for (const [draw, lifeMs] of [
      [0, 800],
      [0.5, 1000],
      [1 - 2 ** -53, 1200],
    ] as const) {
      const cache = cacheOf({ ttlJitterRatio: 0.2 });
      load(cache, "k", 0, draw);
      expect(cache.request("k", 0, 0, lifeMs - 1)).toBe(Answer.Hit);
      expect(cache.request("k", 0, 0, lifeMs)).toBe(Answer.Lead);
    }
  });

  it("cache: a value larger than all bytes -> served to who waited, and the old one is gone", () => {
    const cache = cacheOf({ maxBytes: 10 });
    load(cache, "k", 0);
    expect(cache.request("k", 1, 0, 1000)).toBe(Answer.Lead);
    expect(cache.settle(cache.flight, Loaded.Value, 11, 0.5, 1000)).toBe(Settled.Served);
    expect([cache.slot, cache.entries.put("k", 11), cache.entries.size]).toEqual([-1, -1, 0]);
  });

  it("cache: before anything happened -> no load, no waiter, no entry, no new leader", () => {
    const cache = cacheOf();
    expect([cache.flight, cache.waiter, cache.slot, cache.newLeader, cache.loadsInFlight]).toEqual([-1, -1, -1, -1, 0]);
  });

  it("cache: a setting out of bounds -> the fault that says what it must be", () => {
    const positive = "a finite number > 0, or Infinity";
    const least = "a finite number >= 0";
    const constraints = {
      ttlMs: positive,
      ttlJitterRatio: "a finite number >= 0 <= 0.999",
      earlyRefresh: least,
      staleWhileRevalidateMs: least,
      staleIfErrorMs: least,
      negativeTtlMs: least,
      maxEntries: "a whole number >= 1 <= 16777216",
      maxBytes: "a finite number >= 1, or Infinity",
      maxLoads: "a whole number >= 1 <= 1048576",
      maxWaiters: "a whole number >= 1 <= 1048576",
      leaseMs: positive,
    };
    expectFaults("cache", PLAIN, constraints, cacheOf);
  });
});

describe("early refresh", () => {
  it("xfetch: x before expiry -> a share exp(-x / (beta * load)) of the readers; scale 0 and the draw 0 -> none", () => {
    const draw = drawsOf(5);
    for (const [x, scale] of [
      [100, 100],
      [50, 100],
      [300, 100],
      [100, 200],
    ] as const) {
      let early = 0;
      for (let turn = 0; turn < 100_000; turn++) early += Number(refreshesEarly(1000, scale, draw(), 1000 - x));
      // Five standard deviations of a share of 100,000 draws are below 0.008.
      expect(Math.abs(early / 100_000 - Math.exp(-x / scale))).toBeLessThan(0.008);
    }
    expect(refreshesEarly(1000, 0, 0.5, 1000)).toBe(true);
    expect([refreshesEarly(1000, 0, 0.999, 999), refreshesEarly(1000, 1e9, 0, 999)]).toEqual([false, false]);
    expect(refreshesEarly(1000, 1000, 1 - 2 ** -53, 0)).toBe(true);
  });
});

it("warm-up: demand, room, time and TTL -> the hottest that fit, hottest last, done at the peak", () => {
  const plan = { demand: [5, 0, 9, 7, 1], maxEntries: 10, loadsPerSecond: 2, ttlMs: Infinity, nowMs: 0, peakMs: 10_000 };
  expect(planWarmUp(plan)).toEqual({ startMs: 8000, gapMs: 500, keys: Int32Array.of(4, 0, 3, 2) });
  expect([...planWarmUp({ ...plan, maxEntries: 2 }).keys]).toEqual([3, 2]);
  expect([...planWarmUp({ ...plan, ttlMs: 1499 }).keys]).toEqual([3, 2]);
  expect([...planWarmUp({ ...plan, peakMs: 500 }).keys]).toEqual([2]);
  // Exactly one load of time; equal demand by number; the time begins now.
  expect([...planWarmUp({ ...plan, ttlMs: 500 }).keys]).toEqual([2]);
  expect([...planWarmUp({ ...plan, demand: [1, 2, 2, 2], maxEntries: 2 }).keys]).toEqual([2, 1]);
  expect(planWarmUp({ ...plan, nowMs: 9000 })).toEqual({ startMs: 9000, gapMs: 500, keys: Int32Array.of(3, 2) });
  const constraints = {
    maxEntries: "a whole number >= 1",
    loadsPerSecond: "a finite number > 0",
    ttlMs: "a finite number > 0, or Infinity",
    peakMs: "a finite number >= 0",
  };
  expectFaults("warmUp", plan, constraints, planWarmUp);
});

describe("loads that nobody waits for", () => {
  it("prefetch: absent, past its end -> load; fresh, on its way -> do not; no request is counted", () => {
    const cache = cacheOf();
    expect(cache.prefetch("a", 0)).toBe(true);
    const { flight } = cache;
    expect(cache.prefetch("a", 0)).toBe(false);
    expect(cache.request("a", 7, 0, 1)).toBe(Answer.Follow);
    cache.settle(flight, Loaded.Value, 1, 0.5, 10);
    expect(callersOf(cache, flight)).toEqual([7]);
    expect(cache.prefetch("a", 1009)).toBe(false);
    expect(cache.prefetch("a", 1010)).toBe(true);
    expect(cache.counts).toMatchObject({ requests: 1, coalesced: 1, misses: 0, loads: 2 });
  });

  it("a value that is not to be kept -> served to who waited; no entry, and no negative one", () => {
    const cache = cacheOf({ negativeTtlMs: 500 });
    expect(cache.request("a", 7, 0, 0)).toBe(Answer.Lead);
    const { flight } = cache;
    expect(cache.settle(flight, Loaded.Unkept, 1, 0, 5)).toBe(Settled.Served);
    expect(callersOf(cache, flight)).toEqual([7]);
    expect(cache.request("a", 8, 0, 6)).toBe(Answer.Lead);
  });
});
