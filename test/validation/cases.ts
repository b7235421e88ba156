import type { Case } from "./Case.ts";
import { closedLoop } from "./models/closedLoop.ts";
import { delaySystems } from "./models/delaySystems.ts";
import { lossSystems } from "./models/lossSystems.ts";
import { lruCache } from "./models/lruCache.ts";
import { twoQueues } from "./models/twoQueues.ts";

/** All cases, in the order of the table. Register new ones here. */
export const allCases = (): ReadonlyArray<Case> => [...delaySystems(), ...lossSystems(), ...closedLoop(), ...twoQueues(), ...lruCache()];
