import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Breaker, Outcome, Phase } from "../../../src/policy/breaker/index.ts";

const RATES = { minCalls: 4, failureRatio: 0.5, slowRatio: 0.75 };
const SETTINGS = { openForMs: 10_000, probes: 1, successesNeeded: 1, probeLeaseMs: 1000 };
const timed = (): Breaker => new Breaker({ ...SETTINGS, trip: { kind: "time", windowMs: 1000, buckets: 10, ...RATES } });

it("pace: calls that hang for three windows -> known slow at the threshold, and open then; without it, only when they end", () => {
  const hang = (told: boolean): ReadonlyArray<number> => {
    const breaker = timed();
    const permits = [0, 10, 20, 30].map((nowMs) => breaker.admit(nowMs));
    const phases: Array<number> = [];
    if (told) for (const [i, permit] of permits.entries()) breaker.pace(permit, true, 500 + 10 * i);
    phases.push(breaker.phase);
    for (const [i, permit] of permits.entries()) breaker.settle(permit, Outcome.SlowFailure, 3000 + 10 * i);
    phases.push(breaker.phase);
    return phases;
  };
  expect(hang(true)).toEqual([Phase.Open, Phase.Open]);
  expect(hang(false)).toEqual([Phase.Closed, Phase.Open]);
});

it("pace: a stream that began in time and lasts -> not slow, however long", () => {
  const breaker = timed();
  for (let i = 0; i < 20; i++) {
    const permit = breaker.admit(i);
    expect(breaker.pace(permit, false, i + 5)).toBe(true);
    expect(breaker.pace(permit, true, i + 6)).toBe(false);
    expect(breaker.settle(permit, Outcome.SlowSuccess, i + 30)).toBe(true);
  }
  expect(breaker.phase).toBe(Phase.Closed);
});

it("pace: of a call of an earlier epoch, of a call that has ended -> counts for nothing; a slow probe has failed", () => {
  const breaker = timed();
  const old = breaker.admit(0);
  const ended = breaker.admit(0);
  breaker.settle(ended, Outcome.Ignored, 1);
  expect(breaker.pace(ended, true, 2)).toBe(false);
  for (let i = 0; i < 4; i++) breaker.settle(breaker.admit(3), Outcome.Failure, 3);
  expect(breaker.phase).toBe(Phase.Open);
  expect(breaker.pace(old, true, 4)).toBe(false);
  const slow = breaker.admit(20_000);
  expect(breaker.pace(slow, true, 20_500)).toBe(true);
  expect(breaker.phase).toBe(Phase.Open);
  expect(breaker.settle(slow, Outcome.SlowSuccess, 20_900)).toBe(false);
  const prompt = breaker.admit(40_000);
  expect(breaker.pace(prompt, false, 40_100)).toBe(true);
  expect(breaker.phase).toBe(Phase.HalfOpen);
  breaker.settle(prompt, Outcome.SlowSuccess, 40_900);
  expect(breaker.phase).toBe(Phase.Closed);
  expect(breaker.openings).toBe(0);
});

/** One call: when it starts after the last one, how long it lasts, when its pace is told, and how it ends. */
const call = fc.record({
  gapMs: fc.integer({ min: 0, max: 150 }),
  lastsMs: fc.integer({ min: 1, max: 2500 }),
  toldMs: fc.option(fc.integer({ min: 1, max: 2500 }), { nil: undefined }),
  slow: fc.boolean(),
  failed: fc.boolean(),
});

it("pace: a slow probe whose lease has ended -> counts for nothing", () => {
  const breaker = timed();
  for (let i = 0; i < 4; i++) breaker.settle(breaker.admit(0), Outcome.Failure, 0);
  const lost = breaker.admit(10_000);
  expect(breaker.pace(lost, true, 11_000)).toBe(false);
  expect(breaker.phase).toBe(Phase.HalfOpen);
});

it("pace: any calls -> opens exactly when a share of the ends or of the paces in the window says so", () => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 5, maxLength: 40, size: "max" }), (calls) => {
      const breaker = timed();
      let startMs = 0;
      const events = calls.flatMap(({ gapMs, lastsMs, toldMs, slow, failed }, id) => {
        startMs += gapMs;
        const told = toldMs !== undefined && toldMs < lastsMs ? [{ atMs: startMs + toldMs, what: "pace", id, slow, failed } as const] : [];
        return [
          { atMs: startMs, what: "start", id, slow, failed } as const,
          ...told,
          { atMs: startMs + lastsMs, what: "end", id, slow, failed, told: told.length > 0 } as const,
        ];
      });
      const permits: Array<number> = [];
      const ends: Array<{ readonly atMs: number; readonly bad: boolean }> = [];
      const paces: Array<{ readonly atMs: number; readonly bad: boolean }> = [];
      const reached = (samples: typeof ends, nowMs: number, ratio: number): boolean => {
        const recent = samples.filter(({ atMs }) => Math.floor(atMs / 100) > Math.floor(nowMs / 100) - 10);
        return recent.length >= RATES.minCalls && recent.filter(({ bad }) => bad).length >= ratio * recent.length;
      };
      for (const event of events.toSorted((one, other) => one.atMs - other.atMs)) {
        const { atMs, id, slow, failed } = event;
        if (event.what === "start") permits[id] = breaker.admit(atMs);
        else if (event.what === "pace") {
          expect(breaker.pace(permits[id]!, slow, atMs)).toBe(true);
          paces.push({ atMs, bad: slow });
        } else {
          breaker.settle(permits[id]!, (failed ? 1 : 0) + (slow ? 2 : 0), atMs);
          ends.push({ atMs, bad: failed });
          if (!event.told) paces.push({ atMs, bad: slow });
        }
        const open = reached(ends, atMs, RATES.failureRatio) || reached(paces, atMs, RATES.slowRatio);
        // Between events samples leave the window: what is looked at only at the next one.
        if (event.what !== "start") expect(breaker.phase === Phase.Open).toBe(open);
        if (breaker.phase === Phase.Open) return;
        const copy = Breaker.restore(
          { ...SETTINGS, trip: { kind: "time", windowMs: 1000, buckets: 10, ...RATES } },
          breaker.export(atMs),
          atMs,
        );
        expect(copy.export(atMs)).toEqual(breaker.export(atMs));
      }
    }),
  );
});
