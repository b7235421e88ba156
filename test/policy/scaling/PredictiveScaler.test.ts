import fc from "fast-check";
import { expect, it } from "vitest";
import type { ScaleObservation } from "../../../src/policy/scaling/index.ts";
import { PredictiveScaler, SeasonalForecast } from "../../../src/policy/scaling/index.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

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

// Source: Hyndman, Athanasopoulos, 8.3, additive component form with Winters' season; level of the first season: its mean.
it("forecast: any values and weights -> the components over the whole history", () => {
  const weight = fc.constantFrom(0, 0.2, 0.5, 1);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      weight,
      weight,
      weight,
      fc.array(fc.nat(100), { minLength: 1, maxLength: 30 }),
      (seasonSlots, alpha, beta, gamma, values) => {
        const forecast = new SeasonalForecast({ seasonSlots, alpha, beta, gamma });
        for (const value of values) forecast.observe(value);
        const naive = (ahead: number): number => {
          if (values.length < seasonSlots) return values.at(-1)!;
          const mean = values.slice(0, seasonSlots).reduce((sum, value) => sum + value, 0) / seasonSlots;
          const season = values.slice(0, seasonSlots).map((value) => value - mean);
          let [level, trend] = [mean, 0];
          for (const [slot, value] of values.entries()) {
            if (slot < seasonSlots) continue;
            const before = level;
            level = alpha * (value - season[slot - seasonSlots]!) + (1 - alpha) * (level + trend);
            trend = beta * (level - before) + (1 - beta) * trend;
            const kept = alpha === 0 && gamma === 0 ? 1 : gamma;
            season.push(kept * (value - level) + (1 - kept) * season[slot - seasonSlots]!);
          }
          return Math.max(0, level + ahead * trend + season[values.length - seasonSlots + ((ahead - 1) % seasonSlots)]!);
        };
        for (const ahead of [1, 2, seasonSlots, 3 * seasonSlots + 1]) expect(forecast.ahead(ahead)).toBeCloseTo(naive(ahead), 6);
      },
    ),
  );
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
/** One replica per request and second, no margin, nothing added by the bounds: the decision is the demand expected. */
const plain = { ...settings, leadMs: 0, minReplicas: 0, maxReplicas: 1000 };

it("predictive: the first slot -> the mean of what was seen in it", () => {
  const scaler = new PredictiveScaler(plain);
  expect([scaler.decide(seen(10), 0), scaler.decide(seen(20), 5), scaler.decide(seen(Number.NaN), 9)]).toEqual([10, 15, 15]);
});

it("predictive: history -> as if it had been seen; slots without samples count as forecast, however long the silence", () => {
  const season = [10, 20, 30, 40];
  for (const slot of [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 401]) {
    const scaler = new PredictiveScaler({ ...plain, history: season });
    expect(scaler.decide(seen(Number.NaN), 5)).toBe(10);
    expect(scaler.decide(seen(Number.NaN), slot * 10 + 5)).toBe(season[slot % 4]);
  }
});

it("predictive: a slot with samples -> taught with their mean", () => {
  const scaler = new PredictiveScaler({ ...plain, alpha: 0, gamma: 0, history: [10, 20, 30, 40] });
  for (const [offered, ms] of [
    [50, 0],
    [70, 5],
    [20, 10],
  ] as const)
    scaler.decide(seen(offered), ms);
  expect([25, 35, 45, 55].map((ms) => scaler.decide(seen(Number.NaN), ms))).toEqual([30, 40, 60, 20]);
});

it("predictive: a lead -> the highest demand until its end, the slot in which it ends included", () => {
  const decide = (leadMs: number, ms: number) =>
    new PredictiveScaler({ ...plain, leadMs, history: [10, 40, 30, 20] }).decide(seen(Number.NaN), ms);
  expect([decide(0, 0), decide(9, 0), decide(10, 0), decide(4, 5), decide(5, 5), decide(40, 0)]).toEqual([10, 10, 40, 10, 40, 40]);
});

it("predictive: its name; a setting out of bounds -> the fault that says what it must be", () => {
  const constraints = {
    slotMs: "a finite number > 0",
    leadMs: "a finite number >= 0 <= 40",
    perReplicaPerSecond: "a finite number > 0",
    marginRatio: "a finite number >= 0",
    minReplicas: "a whole number >= 0",
    maxReplicas: "a whole number >= 2",
  };
  const build = (of: typeof settings & { readonly history?: ReadonlyArray<number> }) => new PredictiveScaler(of);
  expect(build(settings).name).toBe("predictive");
  expectFaults("predictive", settings, constraints, build);
  const weight = "a finite number >= 0 <= 1";
  expectFaults(
    "forecast",
    { seasonSlots: 1, alpha: 0, beta: 0, gamma: 0 },
    { alpha: weight, beta: weight, gamma: weight },
    (of) => new SeasonalForecast(of),
  );
  expectFaults(
    "forecast",
    { seasonSlots: 1, alpha: 0, beta: 0, gamma: 0 },
    { seasonSlots: "a whole number >= 1 <= 100000" },
    (of) => new SeasonalForecast(of),
  );
  expect(faultOf(() => build({ ...settings, history: [1, 2, 3] }))).toEqual(
    new SettingFault("predictive.history.length", "a finite number >= 4 <= 4", 3),
  );
  expect(faultOf(() => build({ ...settings, history: [1, 2, 3, -1] }))).toEqual(
    new SettingFault("predictive.history", "a finite number >= 0", -1),
  );
});

it("predictive: nothing known -> as it is; always within min and max", () => {
  expect(new PredictiveScaler(settings).decide(seen(Number.NaN, 7), 0)).toBe(7);
  expect([new PredictiveScaler(settings).decide(seen(99), 0), new PredictiveScaler(settings).decide(seen(0), 0)]).toEqual([5, 2]);
});
