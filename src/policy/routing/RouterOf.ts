import { LeastOutstanding } from "./LeastOutstanding.ts";
import { PowerOfTwo } from "./PowerOfTwo.ts";
import { PrefixAffinity } from "./PrefixAffinity.ts";
import { RandomChoice } from "./RandomChoice.ts";
import { RoundRobin } from "./RoundRobin.ts";
import type { RouterPolicy } from "./Router.ts";
import type { RouterSpec } from "./RouterSpec.ts";
import { Weighted } from "./Weighted.ts";

/** A new router with fresh state for one gateway. Throws RangeError on a load factor below 1. */
export function routerOf(spec: RouterSpec): RouterPolicy {
  switch (spec.kind) {
    case "roundRobin":
      return new RoundRobin();
    case "random":
      return new RandomChoice();
    case "weighted":
      return new Weighted();
    case "leastOutstanding":
      return new LeastOutstanding();
    case "powerOfTwo":
      return new PowerOfTwo();
    case "prefixAffinity":
      return new PrefixAffinity(spec.loadFactor);
  }
}
