import { main, scenario } from "../src/index.ts";
import bound from "./host-bound.ts";

// The control of host-bound: the same users, the same GPUs, the same seed, four API server processes per replica.
export default scenario({
  ...bound,
  name: "host-relieved",
  description: "The control of host-bound: four API server processes per replica",
  fleet: { main: { ...bound.fleet.main!, frontend: { ...bound.fleet.main!.frontend!, cores: 4 } } },
  gates: ["chat.goodput.ratio > 95%"],
});

main(import.meta);
