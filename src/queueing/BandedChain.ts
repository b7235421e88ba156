/**
 * A finite Markov chain whose transitions reach at most `reach` states away, and its stationary law by the
 * Grassmann-Taksar-Heyman elimination. That subtracts nothing, so each probability keeps a small relative error however rare
 * the state. O(states * reach^2) time, O(states * reach) memory.
 * Source: Grassmann, Taksar, Heyman 1985, "Regenerative analysis and steady state distributions for Markov chains"; accuracy: O'Cinneide 1993.
 */
export class BandedChain {
  declare readonly states: number;
  declare readonly reach: number;
  readonly #width: number;
  /** Row i holds the rates from state i to i - reach .. i + reach; the middle is unused. */
  readonly #rates: Float64Array;

  constructor(shape: { readonly states: number; readonly reach: number }) {
    this.states = shape.states;
    this.reach = shape.reach;
    this.#width = 2 * shape.reach + 1;
    this.#rates = new Float64Array(shape.states * this.#width);
  }

  /** Add a transition rate > 0 from one state to another, at most `reach` apart. */
  connect(from: number, to: number, rate: number): void {
    this.#rates[this.#at(from, to)]! += rate;
  }

  /** The stationary probabilities. Every state must reach state 0. Consumes the chain: call it once. */
  stationary(): Float64Array {
    for (let state = this.states - 1; state > 0; state--) this.#eliminate(state);
    const weights = new Float64Array(this.states);
    weights[0] = 1;
    let total = 1;
    for (let state = 1; state < this.states; state++) {
      let weight = 0;
      for (let from = Math.max(0, state - this.reach); from < state; from++) weight += weights[from]! * this.#rates[this.#at(from, state)]!;
      weights[state] = weight;
      total += weight;
    }
    return weights.map((weight) => weight / total);
  }

  /** Take the highest remaining state out: whoever went there goes on to where it led. */
  #eliminate(state: number): void {
    const rates = this.#rates;
    const lowest = Math.max(0, state - this.reach);
    const row = state * this.#width + this.reach - state;
    let leaving = 0;
    for (let to = lowest; to < state; to++) leaving += rates[row + to]!;
    for (let from = lowest; from < state; from++) {
      const visits = rates[this.#at(from, state)]! / leaving;
      rates[this.#at(from, state)] = visits;
      if (visits === 0) continue;
      const other = from * this.#width + this.reach - from;
      for (let to = lowest; to < state; to++) rates[other + to]! += visits * rates[row + to]!;
    }
  }

  #at(from: number, to: number): number {
    return from * this.#width + to - from + this.reach;
  }
}
