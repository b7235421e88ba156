import type { Draws, Streams } from "../../../kernel/Streams.ts";
import { wordAt } from "../../../kernel/Streams.ts";
import type { SpeculativeSpec } from "../../SchedulingSpec.ts";

/** Draws are looked up by their first bits. */
const TABLE_BITS = 12;
const WORD_BITS = 32;
/** More than one number of tokens begins with these bits. */
const MIXED = 255;

/**
 * How many drafted tokens the model accepts. A draw belongs to a request and the length at which the step starts, so it does not depend on
 * the order of events. With k drafted tokens and acceptance q a step gives (1 - q^(k+1)) / (1 - q) tokens on average.
 *
 * Source: Leviathan et al., Fast Inference from Transformers via Speculative Decoding, ICML 2023, equation 1.
 */
export class Speculation {
  declare private readonly draws: ReadonlyArray<Draws>;
  declare private readonly tokens: number;
  /** By class: 2^32 times q, q^2, ... q^k. */
  declare private readonly reach: Float64Array;
  /** By class and first bits of the draw: tokens accepted, or MIXED. */
  declare private readonly table: Uint8Array;

  constructor(spec: SpeculativeSpec, classNames: ReadonlyArray<string>, streams: Streams) {
    this.tokens = spec.tokens;
    this.draws = classNames.map((name) => streams.open(`speculative/${name}`, "acceptance"));
    this.reach = Float64Array.from(
      classNames.flatMap((name) => {
        const ratio = spec.acceptanceByClass?.[name] ?? spec.acceptanceRatio;
        return Array.from({ length: spec.tokens }, (_, i) => 2 ** WORD_BITS * ratio ** (i + 1));
      }),
    );
    const width = 2 ** (WORD_BITS - TABLE_BITS);
    this.table = Uint8Array.from({ length: classNames.length << TABLE_BITS }, (_, i) => {
      const classIndex = i >> TABLE_BITS;
      const word = (i - (classIndex << TABLE_BITS)) * width;
      const most = this.count(classIndex, word);
      return most === this.count(classIndex, word + width - 1) && most < MIXED ? most : MIXED;
    });
  }

  /** Names the draws of a request. */
  keyOf(classIndex: number, id: number): number {
    return this.draws[classIndex]!.keyOf(id);
  }

  /** Of `drafted` tokens, those accepted after a sequence of `length` tokens. */
  accepted(classIndex: number, drafted: number, key: number, length: number): number {
    const word = wordAt(key, length);
    const found = this.table[(classIndex << TABLE_BITS) + (word >>> (WORD_BITS - TABLE_BITS))]!;
    const count = found === MIXED ? this.count(classIndex, word) : found;
    return count < drafted ? count : drafted;
  }

  private count(classIndex: number, word: number): number {
    const { reach, tokens } = this;
    const first = classIndex * tokens;
    let count = 0;
    while (count < tokens && word < reach[first + count]!) count++;
    return count;
  }
}
