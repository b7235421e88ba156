import type { StepPoint } from "../calibration/StepPoint.ts";
import type { StepLoad, StepModel } from "./StepModel.ts";

/** One level of the nested table: sorted keys, and below each a further level or a time. */
interface Level {
  readonly keys: Float64Array;
  readonly below: ReadonlyArray<Level>;
  readonly ms: Float64Array;
}

/**
 * Measured step times, interpolated linearly in this order: prefill tokens, cached tokens of the prompt per chunk token, decoding sequences, KV
 * tokens per sequence. The grid need not be full: each branch has the keys that were measured in it. Beyond the largest key of a branch the last
 * slope goes on, but never falls; below the smallest the nearest value holds. O(16 log n) per look-up, without allocation.
 */
export class StepTable implements StepModel {
  /** Look-ups, and how many of them lay outside of what was measured. */
  lookups = 0;
  outside = 0;
  declare readonly points: ReadonlyArray<StepPoint>;
  declare private readonly root: Level;
  declare private readonly addMs: number;
  private readonly at = new Float64Array(4);
  private isOutside = false;

  /** `addMs` is added to each step, such as a host's share that was not measured. Throws RangeError without decode-only steps. */
  constructor(points: ReadonlyArray<StepPoint>, addMs = 0) {
    if (!points.some(({ prefillTokens }) => prefillTokens === 0)) throw new RangeError("a table of step times needs steps without prefill");
    this.points = points;
    this.root = levelOf(points.map(coordinatesOf), 0);
    this.addMs = addMs;
  }

  stepMs(load: StepLoad): number {
    const { rows, kvTokens, prefillTokens, prefillContext, chunks } = load;
    this.at[0] = prefillTokens;
    this.at[1] = chunks > 0 ? prefillContext / chunks : 0;
    this.at[2] = rows;
    this.at[3] = load.sequences > 0 ? kvTokens / load.sequences : 0;
    this.isOutside = false;
    const ms = this.interpolate(this.root, 0);
    this.lookups++;
    if (this.isOutside) this.outside++;
    return ms + this.addMs;
  }

  private interpolate(level: Level, axis: number): number {
    const { keys } = level;
    const x = this.at[axis]!;
    const last = keys.length - 1;
    if (last === 0 || x <= keys[0]!) {
      // A branch with a single key does not depend on this axis, as a step without prefill does not on its context.
      if (last > 0 && x < keys[0]!) this.isOutside = true;
      return this.valueOf(level, 0, axis);
    }
    if (x > keys[last]!) this.isOutside = true;
    const above = Math.min(last, firstAtLeast(keys, x));
    if (keys[above] === x) return this.valueOf(level, above, axis);
    const low = this.valueOf(level, above - 1, axis);
    const high = this.valueOf(level, above, axis);
    const share = (x - keys[above - 1]!) / (keys[above]! - keys[above - 1]!);
    return share <= 1 ? low + share * (high - low) : high + (share - 1) * Math.max(0, high - low);
  }

  private valueOf(level: Level, index: number, axis: number): number {
    return axis === 3 ? level.ms[index]! : this.interpolate(level.below[index]!, axis + 1);
  }
}

type Coordinates = readonly [prefill: number, context: number, sequences: number, kvPerSequence: number, ms: number];

const coordinatesOf = ({ sequences, kvTokens, prefillTokens, attention, ms }: StepPoint): Coordinates => [
  prefillTokens,
  prefillTokens > 0 ? (attention / prefillTokens - prefillTokens) / 2 : 0,
  sequences,
  sequences > 0 ? kvTokens / sequences : 0,
  ms,
];

/** Points that are equal in all coordinates count with the mean of their times. */
const levelOf = (points: ReadonlyArray<Coordinates>, axis: number): Level => {
  const groups = new Map<number, Array<Coordinates>>();
  for (const point of points) groups.set(point[axis]!, [...(groups.get(point[axis]!) ?? []), point]);
  const keys = [...groups.keys()].toSorted((one, other) => one - other);
  const members = keys.map((key) => groups.get(key)!);
  return {
    keys: Float64Array.from(keys),
    below: axis === 3 ? [] : members.map((group) => levelOf(group, axis + 1)),
    ms:
      axis === 3
        ? Float64Array.from(members, (group) => group.reduce((sum, point) => sum + point[4], 0) / group.length)
        : new Float64Array(0),
  };
};

/** Index of the first key that is not below x; the length when there is none. */
const firstAtLeast = (keys: Float64Array, x: number): number => {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
};
