import { BandedChain } from "./BandedChain.ts";
import { requireDomain } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad, SteadyState } from "./Station.ts";

/** Where the geometric tails are cut, and steps beyond for the constants in front of them; the mass left out is of this order. */
const TAIL = 1e-14;
const SPARE_STEPS = 4;
/** The shorter queue needs log(TAIL) / log(rho^2) levels: time and memory grow without bound towards 1. */
const UTILIZATION_LIMIT = 0.99;

/** Steady state of two servers whose arrivals join the shorter queue. */
export interface ShorterQueue extends SteadyState {
  /** Probability that the shorter queue holds `shorter` and the longer one `longer` requests, in service included; 0 outside the truncated chain. */
  probability(queues: { readonly shorter: number; readonly longer: number }): number;
  /** Probability of the states on the cut. Relative errors of the means are a few hundred times that, below 1e-10. */
  readonly truncationError: number;
}

/**
 * Two exponential servers with own first come first served queues; an arrival joins the shorter one, a random one on a tie (power of two
 * choices with two servers). `arrivalsPerSecond` is the total, `utilization` = arrivals * service / 2, at most 0.99.
 * Exact stationary law of the chain on (length of the shorter, difference), cut where the tails, known to fall as rho^2 per request in the shorter
 * queue and rho^2 / (2 + rho) per step of difference, reach 1e-14. Throws RangeError above 0.99 and at 1.
 * Source: chain and decay rates: Kingman 1961, "Two similar queues in parallel"; Adan, Wessels, Zijm 1990, "Analysis of the symmetric shortest queue problem".
 */
export function shorterQueue(load: StationLoad): ShorterQueue {
  const erlangs = offeredErlangs("shorterQueue", load);
  const utilization = erlangs / 2;
  requireDomain(utilization <= UTILIZATION_LIMIT, {
    place: "shorterQueue.utilization",
    value: utilization,
    constraint: `must be <= ${UTILIZATION_LIMIT}; no steady state exists at 1`,
  });
  const cut = cutFor(utilization);
  const law = chainOf(erlangs, cut).stationary();
  const sums = sumUp(law, cut);
  const queueWaitMeanMs = sums.shorterMean * load.serviceMeanMs;
  return {
    utilization,
    waitProbability: sums.bothBusy,
    queueWaitMeanMs,
    responseMeanMs: queueWaitMeanMs + load.serviceMeanMs,
    numberMean: sums.numberMean,
    truncationError: sums.onTheCut,
    probability({ shorter, longer }) {
      const apart = longer - shorter;
      return shorter >= 0 && shorter <= cut.shorter && apart >= 0 && apart <= cut.apart ? law[shorter * (cut.apart + 1) + apart]! : 0;
    },
  };
}

/** Largest length of the shorter queue and largest difference that the chain keeps. */
interface Cut {
  readonly shorter: number;
  readonly apart: number;
}

function cutFor(utilization: number): Cut {
  if (utilization === 0) return { shorter: 1, apart: 1 };
  return {
    shorter: stepsToTail(utilization ** 2),
    apart: stepsToTail(utilization ** 2 / (2 + utilization)),
  };
}

function stepsToTail(decay: number): number {
  return SPARE_STEPS + Math.ceil(Math.log(TAIL) / Math.log(decay));
}

/** Rates in units of one server's; state = shorter * (apart limit + 1) + apart. Transitions over the cut are left out. */
function chainOf(erlangs: number, cut: Cut): BandedChain {
  const row = cut.apart + 1;
  const chain = new BandedChain({ states: (cut.shorter + 1) * row, reach: row });
  for (let shorter = 0; shorter <= cut.shorter; shorter++) {
    for (let apart = 0; apart <= cut.apart; apart++) {
      const state = shorter * row + apart;
      const equal = apart === 0;
      // An arrival: from a tie it makes one queue longer, else it joins the shorter one.
      if (equal) chain.connect(state, state + 1, erlangs);
      else if (shorter < cut.shorter) chain.connect(state, state + row - 1, erlangs);
      // The longer queue completes one, or the shorter one does; at a tie either does and becomes the shorter.
      if (!equal) chain.connect(state, state - 1, 1);
      if (shorter > 0 && apart < cut.apart) chain.connect(state, state - row + 1, equal ? 2 : 1);
    }
  }
  return chain;
}

/** Means over the law. By PASTA an arrival waits for all requests in the shorter queue. */
function sumUp(law: Float64Array, cut: Cut): { shorterMean: number; numberMean: number; bothBusy: number; onTheCut: number } {
  const sums = { shorterMean: 0, numberMean: 0, bothBusy: 0, onTheCut: 0 };
  law.forEach((probability, state) => {
    const apart = state % (cut.apart + 1);
    const shorter = (state - apart) / (cut.apart + 1);
    sums.shorterMean += shorter * probability;
    sums.numberMean += (2 * shorter + apart) * probability;
    if (shorter > 0) sums.bothBusy += probability;
    if (shorter === cut.shorter || apart === cut.apart) sums.onTheCut += probability;
  });
  return sums;
}
