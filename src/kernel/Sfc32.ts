import { toUnit } from "./Randomness.ts";
import type { UnitSource } from "./Randomness.ts";

const WARM_UP_ROUNDS = 12;

/**
 * A sequential generator with 128 bits of state, for what belongs to no request.
 *
 * Source: Chris Doty-Humphrey, PractRand, sfc32 (small fast counting generator), public domain.
 */
export class Sfc32 implements UnitSource {
  declare private a: number;
  declare private b: number;
  declare private c: number;
  private counter = 1;

  constructor(seedA: number, seedB: number, seedC: number) {
    this.a = seedA | 0;
    this.b = seedB | 0;
    this.c = seedC | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.word();
  }

  /** The next 32 bits, as an int32. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  unit(): number {
    const high = this.word();
    return toUnit(high, this.word());
  }
}
