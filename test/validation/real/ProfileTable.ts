import type { StepPoint } from "../../../src/serving/calibration/StepPoint.ts";
import type { StepModel } from "../../../src/serving/steptime/StepModel.ts";
import { sharedRows } from "./SharedFile.ts";

const FOLDER = "perf/rtx4090-llama-3.1-8b-bf16/RTX4090_meta-llama_Llama-3.1-8B_bf16_tp1_";
export const PROFILE_FILES = ["attention", "dense", "per_sequence"].map((name) => `${FOLDER}${name}.csv.gz`);

const LAYERS = 32;
/** Calls of each dense layer in one step: twice per layer for the norm, once per step for embedding and last norm. */
const CALLS: { readonly [layer: string]: number } = { layernorm: 2 * LAYERS, embedding: 1, final_layernorm: 1 };

type Axis = ReadonlyArray<number>;

/** Piecewise linear between the points of a table, the nearest point outside. */
class Line {
  private readonly x: Axis;
  private readonly y: ReadonlyArray<number>;

  constructor(points: ReadonlyMap<number, number>) {
    this.x = [...points.keys()].toSorted((one, other) => one - other);
    this.y = this.x.map((x) => points.get(x)!);
  }

  at(x: number): number {
    const [below, share] = placeOn(this.x, x);
    return share === 0 ? this.y[below]! : this.y[below]! + share * (this.y[below + 1]! - this.y[below]!);
  }
}

/** Index of the point below, and how far towards the next one; clamped to the axis. */
const placeOn = (axis: Axis, x: number): readonly [below: number, share: number] => {
  if (x <= axis[0]!) return [0, 0];
  let below = 0;
  while (below < axis.length - 1 && axis[below + 1]! <= x) below++;
  if (below === axis.length - 1) return [below, 0];
  return [below, (x - axis[below]!) / (axis[below + 1]! - axis[below]!)];
};

/**
 * Whole steps composed from the layer profile of the RTX 4090: 32 times attention and dense layers, embedding and last norm once, LM head
 * and sampler once per step. Attention is interpolated linearly in chunk, cached context, decoding sequences and their mean context.
 */
export class ProfileTable {
  private readonly attention = new Map<string, number>();
  private readonly axes: readonly [Axis, Axis, Axis, Axis];
  private readonly dense: Line;
  private readonly perSequence: Line;
  private readonly points: Array<readonly [number, number, number, number]> = [];

  constructor() {
    const [attention, dense, perSequence] = PROFILE_FILES.map(sharedRows);
    for (const row of attention!) {
      const point = ["prefill_chunk", "kv_prefill", "n_decode", "kv_decode"].map((name) => Number(row[name])) as [
        number,
        number,
        number,
        number,
      ];
      this.points.push(point);
      this.attention.set(point.join(","), Number(row["time_us"]));
    }
    this.axes = [0, 1, 2, 3].map((axis) =>
      [...new Set(this.points.map((point) => point[axis]!))].toSorted((x, y) => x - y),
    ) as unknown as readonly [Axis, Axis, Axis, Axis];
    this.dense = new Line(summed(dense!, "tokens", (layer) => CALLS[layer] ?? LAYERS));
    this.perSequence = new Line(summed(perSequence!, "sequences", () => 1));
  }

  /** `kvTokens` of all decoding sequences; `context` is what is cached of the chunk's prompt. */
  stepMs(load: {
    readonly sequences: number;
    readonly kvTokens: number;
    readonly prefillTokens: number;
    readonly context: number;
  }): number {
    const { sequences, kvTokens, prefillTokens, context } = load;
    const attentionUs = this.attentionUs(prefillTokens, context, sequences, sequences > 0 ? kvTokens / sequences : 0);
    const tokens = sequences + prefillTokens;
    const heads = sequences + (prefillTokens > 0 ? 1 : 0);
    return (LAYERS * attentionUs + this.dense.at(tokens) + this.perSequence.at(heads)) / 1000;
  }

  /** For an engine: chunks of several prompts count as one of the same attention, since the profile has one chunk per step. */
  asModel(): StepModel {
    return {
      stepMs: ({ sequences, kvTokens, prefillTokens, attention }) => {
        const context = prefillTokens > 0 ? Math.max(0, (attention / prefillTokens - prefillTokens) / 2) : 0;
        return this.stepMs({ sequences, kvTokens, prefillTokens, context });
      },
    };
  }

  /** All grid points as whole steps, for a fit; those with more tokens than a step may hold are left out. */
  steps(maxTokens: number): ReadonlyArray<StepPoint> {
    return this.points
      .filter(([chunk, , sequences]) => chunk + sequences <= maxTokens)
      .map(([prefillTokens, context, sequences, meanKv]) => ({
        sequences,
        kvTokens: sequences * meanKv,
        prefillTokens,
        attention: prefillTokens * (2 * context + prefillTokens),
        ms: this.stepMs({ sequences, kvTokens: sequences * meanKv, prefillTokens, context }),
      }));
  }

  private attentionUs(chunk: number, context: number, sequences: number, meanKv: number): number {
    const [chunks] = this.axes;
    if (chunk === 0) return this.corner(0, 0, sequences, meanKv);
    const [below, share] = placeOn(chunks, chunk);
    // The grid has no context without a chunk: below the smallest chunk the step without one is the other end.
    const low =
      chunks[below] === 0
        ? sequences > 0
          ? this.corner(0, 0, sequences, meanKv)
          : 0
        : this.corner(chunks[below]!, context, sequences, meanKv);
    if (share === 0) return low;
    return low + share * (this.corner(chunks[below + 1]!, context, sequences, meanKv) - low);
  }

  /** Linear in the three other axes at one chunk of the grid. */
  private corner(chunk: number, context: number, sequences: number, meanKv: number): number {
    const contexts = chunk === 0 ? [0] : this.axes[1];
    const counts = sequences === 0 ? [0] : this.axes[2].filter((count) => count > 0 && this.has(chunk, count));
    const means = sequences === 0 ? [0] : this.axes[3].filter((mean) => mean > 0);
    const places = [placeOn(contexts, context), placeOn(counts, sequences), placeOn(means, meanKv)] as const;
    let sum = 0;
    for (let bits = 0; bits < 8; bits++) {
      let weight = 1;
      const at = places.map(([below, share], axis) => {
        const up = (bits >> axis) & 1;
        weight *= up === 1 ? share : 1 - share;
        return below + up;
      });
      if (weight > 0) sum += weight * this.attention.get([chunk, contexts[at[0]!]!, counts[at[1]!]!, means[at[2]!]!].join(","))!;
    }
    return sum;
  }

  private has(chunk: number, count: number): boolean {
    const mean = this.axes[3].find((value) => value > 0)!;
    return this.attention.has([chunk, 0, count, mean].join(","));
  }
}

const summed = (
  rows: ReadonlyArray<{ readonly [column: string]: string }>,
  axis: string,
  calls: (layer: string) => number,
): ReadonlyMap<number, number> => {
  const sums = new Map<number, number>();
  for (const row of rows) {
    const at = Number(row[axis]);
    sums.set(at, (sums.get(at) ?? 0) + calls(row["layer"]!) * Number(row["time_us"]));
  }
  return sums;
};
