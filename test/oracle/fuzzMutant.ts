/**
 * `node fuzzMutant.ts leap|stepped CASES`: prints the first random case that tells this engine from the oracle, or the law that it breaks,
 * and nothing if there is none. Run by the mutation test in a copy of the sources.
 */
import { Script } from "node:vm";
import { Replica } from "../../src/serving/engine/Replica.ts";
import { SteppedReplica } from "../../src/serving/engine/stepped/SteppedReplica.ts";
import { compareEngines } from "./differences.ts";
import { STEPPED_LAWS } from "./SteppedLaws.ts";

/** A case takes a few ms; one that takes so long never ends. */
const LONGEST_MS = 3000;

const [name, cases] = process.argv.slice(2);
const Engine = name === "leap" ? Replica : SteppedReplica;

/** False as well when it throws or does not end. */
const isTrue = (check: () => boolean): boolean => {
  Object.assign(globalThis, { check });
  try {
    return new Script("check()").runInThisContext({ timeout: LONGEST_MS }) === true;
  } catch {
    return false;
  }
};

const firstNoticed = (): string | undefined => {
  const broken = name === "leap" ? undefined : STEPPED_LAWS.find(({ holds }) => !isTrue(holds));
  if (broken !== undefined) return broken.title;
  for (let seed = 1; seed <= Number(cases); seed++) {
    for (const coarse of [false, true]) {
      if (!isTrue(() => compareEngines(seed, coarse, Engine).difference === undefined)) return `case ${seed}`;
    }
  }
  return undefined;
};

console.log(firstNoticed() ?? "");
