import { mix } from "./Mixer.ts";
import { toUnit } from "./Randomness.ts";
import type { UnitSource } from "./Randomness.ts";
import { Sfc32 } from "./Sfc32.ts";

export type { UnitSource } from "./Randomness.ts";

/**
 * The named streams of one run: each is given by (seed, replication, path, purpose) alone, not by the order in which
 * streams are opened. Adding a component changes no other stream.
 */
export class Streams {
  declare private readonly root: string;

  /** `seed` is any finite number; `replication` counts from 0. */
  constructor(seed: number, replication = 0) {
    if (!Number.isFinite(seed)) throw new RangeError(`seed ${seed} is not a finite number`);
    this.root = `${seed}\u0000${replication}\u0000`;
  }

  /** The stream of one component for one purpose, for example ("fleet/h100/0", "step noise"). */
  open(path: string, purpose: string): Draws {
    return new Draws(`${this.root}${path}\u0000${purpose}`);
  }
}

/** One stream: draws by counter, which depend on (id, draw) alone and not on the order of events, or one sequence. */
export class Draws {
  declare private readonly keyA: number;
  declare private readonly keyB: number;
  declare private readonly name: string;
  declare private readonly cursor: CounterCursor;

  constructor(name: string) {
    this.name = name;
    this.keyA = hash(name, 0x9e3779b9);
    this.keyB = hash(name, 0x85ebca6b);
    this.cursor = new CounterCursor(this.keyA, this.keyB);
  }

  /**
   * The draws 0, 1, 2, ... of the id (32 bits). The object is reused: take all draws before the next call of at().
   */
  at(id: number): UnitSource {
    this.cursor.seek(id);
    return this.cursor;
  }

  /** Draw number `draw` of the id: the same as unit() number `draw` of at(id). */
  unit(id: number, draw: number): number {
    return unitAt(mix(id ^ this.keyA), mix((id + this.keyB) | 0), Math.imul(draw, DRAW_STEP));
  }

  /** Names the words of an id for `wordAt`: worth keeping where many are drawn. */
  keyOf(id: number): number {
    return mix(id ^ this.keyA);
  }

  /** A sequence of its own for what belongs to no request; each call starts the same sequence at its beginning. */
  sequence(): UnitSource {
    return new Sfc32(this.keyA, this.keyB, hash(this.name, 0xc2b2ae35));
  }
}

/** 32 random bits, unsigned: word number `draw` of the id that a stream gave this key. Finer draws cost twice as much: `unit`. */
export const wordAt = (key: number, draw: number): number => mix((key + Math.imul(draw, DRAW_STEP)) | 0) >>> 0;

/** An odd number near 2^32 / golden ratio: the counters of successive draws lie far apart. */
const DRAW_STEP = 0x9e3779b1 | 0;

/** Walks through the draws of one id. */
class CounterCursor implements UnitSource {
  declare private readonly keyA: number;
  declare private readonly keyB: number;
  private a = 0;
  private b = 0;
  private counter = 0;

  constructor(keyA: number, keyB: number) {
    this.keyA = keyA;
    this.keyB = keyB;
  }

  seek(id: number): void {
    this.a = mix(id ^ this.keyA);
    this.b = mix((id + this.keyB) | 0);
    this.counter = 0;
  }

  unit(): number {
    const counter = this.counter;
    this.counter = (counter + DRAW_STEP) | 0;
    return unitAt(this.a, this.b, counter);
  }
}

/** 52 random bits from a 64-bit state and a counter; the low word feeds the high one, which so depends on all of them. */
const unitAt = (a: number, b: number, counter: number): number => {
  const low = mix((a + counter) | 0);
  const high = mix(low ^ b);
  return toUnit(high, low);
};

/** 32 bits of a string, one round of the mixer per UTF-16 unit. */
const hash = (text: string, basis: number): number => {
  let state = mix((text.length + basis) | 0);
  for (let index = 0; index < text.length; index++) {
    state = mix(((state ^ text.charCodeAt(index)) + basis) | 0);
  }
  return state;
};
