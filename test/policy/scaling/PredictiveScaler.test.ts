import fc from "fast-check";
import { expect, it } from "vitest";
import type { ScaleObservation } from "../../../src/policy/scaling/index.ts";
import { PredictiveScaler, SeasonalForecast } from "../../../src/policy/scaling/index.ts";

const seen = (offeredPerSecond: number, replicas = 1): ScaleObservation => ({
  replicas,
  count: 0,
  offeredPerSecond,
  queueLength: Number.NaN,
  ready: new Uint8Array(0),
  utilization: new Float64Array(0),
  concurrency: new Float64Array(0),
  tokensPerSecond: new Float64Array(0),
});

it("forecast: a season that repeats -> exact from the second one on, whatever the weights; a constant -> itself", () => {
  const weight = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: 1, maxLength: 8 }),
      weight,
      weight,
      weight,
      fc.integer({ min: 1, max: 20 }),
      (season, alpha, beta, gamma, ahead) => {
        const forecast = new SeasonalForecast({ seasonSlots: season.length, alpha, beta, gamma });
        for (let slot = 0; slot < 3 * season.length; slot++) forecast.observe(season[slot % season.length]!);
        expect(forecast.ahead(ahead)).toBeCloseTo(season[(ahead - 1) % season.length]!, 6);
      },
    ),
  );
});

it("forecast: weights 0 -> the same time one season ago; a trend is followed with weights", () => {
  const ago = new SeasonalForecast({ seasonSlots: 3, alpha: 0, beta: 0, gamma: 0 });
  for (const value of [1, 2, 3, 40, 50, 60]) ago.observe(value);
  expect([ago.ahead(1), ago.ahead(2), ago.ahead(3)]).toEqual([40, 50, 60]);
  const rising = new SeasonalForecast({ seasonSlots: 2, alpha: 0.5, beta: 0.5, gamma: 0.1 });
  for (let slot = 0; slot < 200; slot++) rising.observe(10 * slot);
  expect(Math.abs(rising.ahead(1) - 2000)).toBeLessThan(10);
});

it("predictive: a peak every day -> replicas are there a lead before it from the second day on, and no sooner", () => {
  const minute = 60_000;
  const scaler = new PredictiveScaler({
    seasonSlots: 24,
    alpha: 0.3,
    beta: 0,
    gamma: 0.3,
    slotMs: 60 * minute,
    leadMs: 30 * minute,
    perReplicaPerSecond: 10,
    marginRatio: 0.2,
    minReplicas: 1,
    maxReplicas: 20,
  });
  const demand = (now: number) => (Math.floor(now / (60 * minute)) % 24 === 18 ? 100 : 20);
  const wanted = new Map<number, number>();
  for (let now = 0; now < 3 * 24 * 60 * minute; now += 5 * minute) wanted.set(now / minute, scaler.decide(seen(demand(now)), now));
  const dayTwo = 2 * 24 * 60;
  expect([17 * 60 + 25, 17 * 60 + 30, 18 * 60 + 55].map((at) => wanted.get(dayTwo + at))).toEqual([3, 12, 12]);
  expect(wanted.get(dayTwo + 19 * 60)).toBe(3);
  expect(wanted.get(17 * 60 + 30)).toBeLessThan(12);
});

it("predictive: nothing known -> as it is; always within min and max; bad settings -> a fault", () => {
  const settings = {
    seasonSlots: 4,
    alpha: 0.5,
    beta: 0,
    gamma: 0.5,
    slotMs: 10,
    leadMs: 10,
    perReplicaPerSecond: 1,
    marginRatio: 0,
    minReplicas: 2,
    maxReplicas: 5,
  };
  expect(new PredictiveScaler(settings).decide(seen(Number.NaN, 7), 0)).toBe(7);
  expect([new PredictiveScaler(settings).decide(seen(99), 0), new PredictiveScaler(settings).decide(seen(0), 0)]).toEqual([5, 2]);
  expect(() => new PredictiveScaler({ ...settings, leadMs: 41 })).toThrow("predictive.leadMs");
  expect(() => new PredictiveScaler({ ...settings, alpha: 2 })).toThrow("forecast.alpha");
});
