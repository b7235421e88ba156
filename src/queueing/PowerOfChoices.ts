import { requireSteadyState, requireWhole } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad } from "./Station.ts";

/** Terms below this share of the sum change no digit. */
const NEGLIGIBLE = 1e-17;

/** Steady state per server in the limit of infinitely many servers. */
export interface PowerOfChoicesState {
  readonly utilization: number;
  /** Mean number at one server, waiting and in service. */
  readonly numberMean: number;
  readonly responseMeanMs: number;
  readonly queueWaitMeanMs: number;
  /** Share of servers with at least `n` >= 0 present. */
  atLeast(n: number): number;
}

/**
 * Power of d choices, many exponential servers, each arrival joins the least loaded of `choices` random ones.
 * s(i) = rho^((d^i - 1) / (d - 1)), mean number = sum of s(i), i >= 1. `arrivalsPerSecond` is per server.
 * The limit errs by O(1/servers); for d = 1 it is exact (M/M/1). Throws RangeError at utilization >= 1.
 * Source: Vvedenskaya, Dobrushin, Karpelevich 1996, theorem 1; Mitzenmacher 2001, IEEE TPDS 12(10), section 2.
 */
export function powerOfChoices(load: StationLoad & { readonly choices: number }): PowerOfChoicesState {
  const utilization = offeredErlangs("powerOfChoices", load);
  requireWhole("powerOfChoices.choices", load.choices, 1);
  requireSteadyState("powerOfChoices", utilization);
  const numberMean = load.choices === 1 ? utilization / (1 - utilization) : tailSum(utilization, load.choices);
  const responseMeanMs = utilization === 0 ? load.serviceMeanMs : (numberMean / utilization) * load.serviceMeanMs;
  return {
    utilization,
    numberMean,
    responseMeanMs,
    queueWaitMeanMs: Math.max(0, responseMeanMs - load.serviceMeanMs),
    atLeast(n) {
      requireWhole("powerOfChoices.atLeast", n, 0);
      return n === 0 ? 1 : utilization ** exponent(n, load.choices);
    },
  };
}

/** (d^i - 1) / (d - 1) = 1 + d + ... + d^(i-1). */
function exponent(i: number, choices: number): number {
  return choices === 1 ? i : (choices ** i - 1) / (choices - 1);
}

function tailSum(utilization: number, choices: number): number {
  let sum = 0;
  // s(i+1) = rho s(i)^d: the exponent grows geometrically, so the loop ends after about log(1 / (1 - rho)) turns.
  for (let share = utilization; share > NEGLIGIBLE * sum; share = utilization * share ** choices) sum += share;
  return sum;
}
