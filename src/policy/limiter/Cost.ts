import { PolicyFault } from "../PolicyFault.ts";

/** The cost itself when it is a whole number above 0; throws PolicyFault. */
export function wholeCost(limiter: string, cost: number): number {
  if (Number.isSafeInteger(cost) && cost > 0) return cost;
  throw new PolicyFault(`${limiter}.cost`, "a whole number > 0", cost);
}

/** A cost in parts of a permit, of which there are `parts` in one; throws PolicyFault unless that is a whole number above 0. */
export function costParts(limiter: string, cost: number, parts: number): number {
  if (parts === 1) return wholeCost(limiter, cost);
  const count = Math.round(cost * parts);
  if (Number.isSafeInteger(count) && count > 0 && count / parts === cost) return count;
  throw new PolicyFault(`${limiter}.cost`, `a multiple of 1/${parts}, > 0`, cost);
}
