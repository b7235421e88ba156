import type { UnitSource } from "../../kernel/Streams.ts";
import type { BaseRate, LinearPiece } from "./BaseRate.ts";
import { perMsOf } from "./BaseRate.ts";

/** One state of a Markov-modulated Poisson process: its rate and the mean of its exponential length. */
export interface MmppState {
  readonly perSecond: number;
  readonly meanMs: number;
}

/**
 * The random rate of a Markov-modulated Poisson process. The states follow each other in the order given and start again
 * after the last. The first is drawn by its share of time, so that the process is stationary from time 0 on. The states
 * change in real time: a spike raises the rate in each state and does not hurry the chain. Read it forward only.
 *
 * Source: W. Fischer and K. Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", Performance
 * Evaluation 18 (1993).
 */
export class MmppRate implements BaseRate {
  declare private readonly perMs: ReadonlyArray<number>;
  declare private readonly meanMs: ReadonlyArray<number>;
  declare private readonly silent: boolean;
  declare private readonly source: UnitSource;
  declare private state: number;
  declare private stateEndMs: number;

  /** Throws RangeError without states, and for a negative rate or a mean length that is not above 0. */
  constructor(states: ReadonlyArray<MmppState>, source: UnitSource) {
    if (states.length === 0) throw new RangeError("mmpp: at least one state is needed");
    for (const { meanMs } of states) {
      if (!(meanMs > 0 && meanMs < Infinity)) throw new RangeError(`mmpp: mean ${meanMs} ms of a state is not above 0`);
    }
    this.perMs = states.map((state) => perMsOf(state.perSecond));
    this.meanMs = states.map((state) => state.meanMs);
    this.silent = this.perMs.every((rate) => rate === 0);
    this.source = source;
    this.state = this.firstState();
    this.stateEndMs = this.lengthMs();
  }

  read(fromMs: number, piece: LinearPiece): void {
    while (fromMs >= this.stateEndMs) {
      this.state = (this.state + 1) % this.perMs.length;
      this.stateEndMs += this.lengthMs();
    }
    piece.endMs = this.silent ? Infinity : this.stateEndMs;
    piece.perMs = this.perMs[this.state]!;
    piece.slope = 0;
  }

  private firstState(): number {
    const total = this.meanMs.reduce((sum, mean) => sum + mean, 0);
    let rest = this.source.unit() * total;
    const state = this.meanMs.findIndex((mean) => (rest -= mean) < 0);
    return state < 0 ? this.meanMs.length - 1 : state;
  }

  private lengthMs(): number {
    return -Math.log(this.source.unit()) * this.meanMs[this.state]!;
  }
}
