import type { ArrivalSpec, RateSpec, SpikeSpec } from "../../workload/TrafficSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import type { Arrivals } from "../schema/Arrivals.ts";
import type { RateCurve } from "../schema/Rates.ts";
import type { Spike } from "../schema/Spikes.ts";
import { decodeDistribution, DURATIONS } from "./decodeDistribution.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

export type ArrivalsInput = typeof Arrivals.Type;
export type RateInput = typeof RateCurve.Type;
export type SpikeInput = typeof Spike.Type;

/** Turns written arrivals into numbers. */
export const decodeArrivals = (decoding: Decoding, { value, path }: At<ArrivalsInput>): ArrivalSpec => {
  const rateOf = (kind: string, rate: RateInput) => decodeRate(decoding, { value: rate, path: [...path, kind, "rate"] });
  if (value.poisson !== undefined) return { kind: "poisson", rate: rateOf("poisson", value.poisson.rate) };
  if (value.gamma !== undefined) return { kind: "gamma", rate: rateOf("gamma", value.gamma.rate), cv: value.gamma.cv };
  if (value.weibull !== undefined) return { kind: "weibull", rate: rateOf("weibull", value.weibull.rate), cv: value.weibull.cv };
  if (value.deterministic !== undefined) return { kind: "deterministic", rate: rateOf("deterministic", value.deterministic.rate) };
  if (value.mmpp !== undefined) return decodeStates(decoding, { value: value.mmpp, path: [...path, "mmpp"] });
  return decodeClosed(decoding, { value: value.closed, path: [...path, "closed"] });
};

/** Turns a written rate over time into numbers. */
export const decodeRate = (decoding: Decoding, { value, path }: At<RateInput>): RateSpec => {
  if (typeof value === "string") return { kind: "constant", perSecond: decoding.quantity(RATE, { value, path }, { above: 0 }) };
  if ("diurnal" in value) return decodeDiurnal(decoding, { value: value.diurnal, path: [...path, "diurnal"] });
  const points = decodePoints(decoding, { value: value.piecewise, path: [...path, "piecewise"] });
  return { kind: "piecewise", points, interpolation: value.interpolation ?? "linear" };
};

type Points = ReadonlyArray<readonly [time: string, rate: string]>;

const decodePoints = (decoding: Decoding, { value, path }: At<Points>) => {
  const points = value.map(([time, rate], i) => ({
    atMs: decoding.quantity(DURATION, { value: time, path: [...path, i, 0] }),
    perSecond: decoding.quantity(RATE, { value: rate, path: [...path, i, 1] }),
  }));
  if (points[0]!.atMs > 0)
    decoding.reject({
      path: [...path, 0, 0],
      constraint: "must be 0s",
      value: value[0]![0],
      hint: "the curve begins at the start",
    });
  points.slice(1).forEach((point, i) => {
    if (point.atMs <= points[i]!.atMs) {
      decoding.reject({
        path: [...path, i + 1, 0],
        constraint: "must be later than the point before",
        value: value[i + 1]![0],
      });
    }
  });
  if (points.every(({ perSecond }) => perSecond === 0)) {
    decoding.reject({
      path,
      constraint: "must be above 0 somewhere",
      hint: "this rate never sends a request",
    });
  }
  return points;
};

type Diurnal = Extract<RateInput, { readonly diurnal: unknown }>["diurnal"];

const decodeDiurnal = (decoding: Decoding, { value, path }: At<Diurnal>): RateSpec => {
  const mean = decoding.quantity(RATE, { value: value.mean, path: [...path, "mean"] }, { above: 0 });
  const sum = value.shares.reduce((total, share) => total + share, 0);
  if (sum === 0) decoding.reject({ path: [...path, "shares"], constraint: "must be above 0 somewhere" });
  const hourlyPerSecond = value.shares.map((share) => (mean * share * value.shares.length) / sum);
  return { kind: "diurnal", hourlyPerSecond, startHour: (value.startHour ?? 0) % 24 };
};

const decodeStates = (decoding: Decoding, { value, path }: At<Exclude<ArrivalsInput["mmpp"], undefined>>): ArrivalSpec => {
  const states = value.map((state, i) => ({
    perSecond: decoding.quantity(RATE, { value: state.rate, path: [...path, i, "rate"] }),
    meanMs: decoding.quantity(DURATION, { value: state.mean, path: [...path, i, "mean"] }, { above: 0 }),
  }));
  if (states.every(({ perSecond }) => perSecond === 0)) {
    decoding.reject({
      path,
      constraint: "must have a rate above 0 somewhere",
      hint: "these states never send a request",
    });
  }
  return { kind: "mmpp", states };
};

const decodeClosed = (decoding: Decoding, at: At<Exclude<ArrivalsInput["closed"], undefined>>): ArrivalSpec => ({
  kind: "closed",
  users: decoding.field(at, "users", (users) => decoding.quantity(COUNT, users)) ?? 1,
  think: decodeDistribution(decoding, { value: at.value.think, path: [...at.path, "think"] }, DURATIONS),
  rampUpMs: decoding.field(at, "rampUp", (rampUp) => decoding.quantity(DURATION, rampUp)) ?? 0,
});

/** Turns a written spike into numbers. */
export const decodeSpike = (decoding: Decoding, { value, path }: At<SpikeInput>): SpikeSpec => {
  const shape = value.square !== undefined ? "square" : value.ramp !== undefined ? "ramp" : "decay";
  const at: At<NonNullable<SpikeInput["square"]>> = {
    value: (value.square ?? value.ramp ?? value.decay)!,
    path: [...path, shape],
  };
  const { factor, extra } = at.value;
  if ((factor === undefined) === (extra === undefined)) {
    const constraint = "must have either factor or extra";
    decoding.reject({
      path: at.path,
      constraint,
      hint: 'factor: 5 multiplies the rate, extra: "40/s" adds to it',
      part: "key",
    });
  }
  return present({
    shape,
    atMs: decoding.quantity(DURATION, { value: at.value.at, path: [...at.path, "at"] }),
    durationMs: decoding.quantity(DURATION, { value: at.value.for, path: [...at.path, "for"] }, { above: 0 }),
    factor,
    extraPerSecond: decoding.field(at, "extra", (rate) => decoding.quantity(RATE, rate, { above: 0 })),
  } as const);
};
