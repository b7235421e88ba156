import { ConsistentHash } from "./ConsistentHash.ts";
import { Ewma } from "./Ewma.ts";
import { LeastConnections } from "./LeastConnections.ts";
import { LeastOutstanding } from "./LeastOutstanding.ts";
import { NginxRoundRobin } from "./NginxRoundRobin.ts";
import { OutlierEjection } from "./OutlierEjection.ts";
import { PowerOfTwo } from "./PowerOfTwo.ts";
import { PrefixAffinity } from "./PrefixAffinity.ts";
import { RandomChoice } from "./RandomChoice.ts";
import { RoundRobin } from "./RoundRobin.ts";
import type { RouterPolicy } from "./Router.ts";
import type { RouterChoice, RouterSpec } from "./RouterSpec.ts";
import { SlowStart } from "./SlowStart.ts";
import { Weighted } from "./Weighted.ts";

/** A new router with fresh state for one gateway. Throws a RangeError (SettingFault) on settings out of bounds. */
export function routerOf(spec: RouterSpec): RouterPolicy {
  const plain = choiceOf(spec);
  // A replica that comes back from an ejection warms up, so the ejection is the outer one.
  const warming = spec.slowStart === undefined ? plain : new SlowStart(plain, spec.slowStart);
  return spec.outlierEjection === undefined ? warming : new OutlierEjection(warming, spec.outlierEjection);
}

function choiceOf(spec: RouterChoice): RouterPolicy {
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
    case "consistentHash":
      return new ConsistentHash(spec);
    case "nginx":
      return new NginxRoundRobin(spec);
    case "leastConnections":
      return new LeastConnections(spec);
    case "ewma":
      return new Ewma({ decayMs: spec.decayMs, peak: false });
    case "peakEwma":
      return new Ewma({ decayMs: spec.decayMs, peak: true });
  }
}
