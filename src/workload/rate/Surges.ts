import type { SpikeSpec } from "../TrafficSpec.ts";
import { countUpTo, perMsOf } from "./BaseRate.ts";

/** A decaying spike counts as over after so many of its time constants: exp(-40) is 4e-18. */
const DECAY_SPAN = 40;

/**
 * The spikes on top of a rate: rate(t) = base(t) * product of 1 + (factor - 1) * height(t) + sum of extra * height(t).
 * Factors of overlapping spikes multiply and never act on the extra rates.
 */
export class Surges {
  declare private readonly spikes: ReadonlyArray<SpikeSpec>;
  declare private readonly breaksMs: ReadonlyArray<number>;

  /** Throws RangeError for a spike without a positive duration or with not exactly one height >= 0. */
  constructor(spikes: ReadonlyArray<SpikeSpec>) {
    spikes.forEach(requireSpike);
    this.spikes = spikes;
    this.breaksMs = spikes.flatMap(breaksOf).toSorted((a, b) => a - b);
  }

  /** The first time after `ms` at which the shape of a spike changes. Decays have a break per time constant, so that numerical integration stays exact. */
  breakAfter(ms: number): number {
    return this.breaksMs[countUpTo(this.breaksMs, ms)] ?? Infinity;
  }

  /** Whether the surges stay as they are until the next break. */
  isFlat(ms: number): boolean {
    return this.spikes.every((spike) => spike.shape === "square" || (heightOf(spike, ms) === 0 && spike.atMs !== ms));
  }

  factorAt(ms: number): number {
    let factor = 1;
    for (const spike of this.spikes) {
      if (spike.factor !== undefined) factor *= 1 + (spike.factor - 1) * heightOf(spike, ms);
    }
    return factor;
  }

  /** Arrivals per ms on top of the rate. */
  extraPerMs(ms: number): number {
    let extra = 0;
    for (const spike of this.spikes) {
      if (spike.extraPerSecond !== undefined) extra += (spike.extraPerSecond / 1000) * heightOf(spike, ms);
    }
    return extra;
  }

  /** A bound that factorAt() never exceeds. */
  get maxFactor(): number {
    return this.spikes.reduce((product, spike) => product * Math.max(1, spike.factor ?? 1), 1);
  }
}

/** Height of the spike at a time, 0..1. The end is the very number that is a break: there it must be over. */
const heightOf = (spike: SpikeSpec, ms: number): number => {
  if (ms < spike.atMs || ms >= breakOf(spike, spansOf(spike))) return 0;
  if (spike.shape === "square") return 1;
  const along = (ms - spike.atMs) / spike.durationMs;
  return spike.shape === "decay" ? Math.exp(-along) : along;
};

const spansOf = (spike: SpikeSpec): number => (spike.shape === "decay" ? DECAY_SPAN : 1);
const breakOf = (spike: SpikeSpec, span: number): number => spike.atMs + span * spike.durationMs;
const breaksOf = (spike: SpikeSpec): ReadonlyArray<number> => Array.from({ length: spansOf(spike) + 1 }, (_, span) => breakOf(spike, span));

const requireSpike = (spike: SpikeSpec): void => {
  if (!Number.isFinite(spike.atMs)) throw new RangeError(`spike: start ${spike.atMs} ms is not a finite time`);
  if (!(spike.durationMs > 0 && spike.durationMs < Infinity)) {
    throw new RangeError(`spike: duration ${spike.durationMs} ms is not above 0`);
  }
  const { factor, extraPerSecond } = spike;
  if ((factor === undefined) === (extraPerSecond === undefined)) {
    throw new RangeError("spike: exactly one of factor and extraPerSecond is needed");
  }
  if (factor !== undefined && !(factor >= 0 && factor < Infinity)) {
    throw new RangeError(`spike: factor ${factor} is not a finite number >= 0`);
  }
  if (extraPerSecond !== undefined) perMsOf(extraPerSecond);
};
