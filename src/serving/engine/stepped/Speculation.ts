import type { Draws, Streams } from "../../../kernel/Streams.ts";
import type { SpeculativeSpec } from "../../SchedulingSpec.ts";

/**
 * How many drafted tokens the model accepts. A draw belongs to a request and the position at which the step starts, so it does not depend on
 * the order of events. With k drafted tokens and acceptance q a step gives (1 - q^(k+1)) / (1 - q) tokens on average.
 *
 * Source: Leviathan et al., Fast Inference from Transformers via Speculative Decoding, ICML 2023, equation 1.
 */
export class Speculation {
  readonly spec: SpeculativeSpec;
  /** By class: q, q^2, ... q^k. */
  private readonly reach: ReadonlyArray<Float64Array>;
  private readonly draws: ReadonlyArray<Draws>;

  constructor(spec: SpeculativeSpec, classNames: ReadonlyArray<string>, streams: Streams) {
    this.spec = spec;
    this.draws = classNames.map((name) => streams.open(`speculative/${name}`, "acceptance"));
    this.reach = classNames.map((name) => {
      const ratio = spec.acceptanceByClass?.[name] ?? spec.acceptanceRatio;
      return Float64Array.from({ length: spec.tokens }, (_, i) => ratio ** (i + 1));
    });
  }

  /** Of `drafted` tokens, those accepted. */
  accepted(classIndex: number, drafted: number, id: number, position: number): number {
    const reach = this.reach[classIndex]!;
    const draw = this.draws[classIndex]!.unit(id, position);
    let count = 0;
    while (count < drafted && draw < reach[count]!) count++;
    return count;
  }
}
