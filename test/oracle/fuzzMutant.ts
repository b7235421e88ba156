/** `node fuzzMutant.ts REPLICA CASES`: prints the first random case that tells this replica from the stepper, 0 if none does. Run by the mutation test. */
import { pathToFileURL } from "node:url";
import { compareEngines } from "./differences.ts";

const [path, cases] = process.argv.slice(2);
const { Replica } = await import(pathToFileURL(path!).href);
let noticed = 0;
for (let seed = 1; seed <= Number(cases) && noticed === 0; seed++) {
  for (const coarse of [false, true]) {
    try {
      if (compareEngines(seed, coarse, Replica).difference !== undefined) noticed = seed;
    } catch {
      noticed = seed;
    }
  }
}
console.log(noticed);
