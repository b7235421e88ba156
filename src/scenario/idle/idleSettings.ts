import { formatPath } from "../check/Path.ts";
import type { Fault } from "../check/Fault.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { World } from "../World.ts";
import { idleBreaker } from "./idleBreaker.ts";
import { idleClient } from "./idleClient.ts";
import { idleFault } from "./idleFault.ts";
import { idleGateway } from "./idleGateway.ts";
import { IdleNotes } from "./IdleNotes.ts";
import { idlePool } from "./idlePool.ts";
import { idleRouting } from "./idleRouting.ts";

/**
 * Settings of a sound scenario that are written and change nothing, because what would read them is missing: each with its path, the reason and what to do.
 * Nothing is said of what depends on how a run goes.
 */
export const idleSettings = (authored: ScenarioInput, world: World): ReadonlyArray<Fault> => {
  const notes = new IdleNotes(authored);
  for (const spec of world.traffic) idleClient(notes, spec, world);
  idleGateway(notes, world);
  idleRouting(notes, authored, world);
  idleBreaker(notes, ["gateway", "breaker"], world.gateway.breaker, { hinted: false });
  for (const pool of world.fleet) idlePool(notes, pool, world);
  world.faults.forEach((fault, i) => idleFault(notes, fault, i, world));
  return notes.found;
};

/** As a line without its place in a file. */
export const idleText = ({ path, constraint, hint }: Fault): string =>
  `${formatPath(path)} ${constraint}${hint === undefined ? "" : `: ${hint}`}`;
