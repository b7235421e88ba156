import { main, scenario } from "../src/index.ts";
import guarded from "./circuit-breaker.ts";

// The control of circuit-breaker: the same straggler, and nobody takes it out.
export default scenario({
  ...guarded,
  name: "circuit-breaker-without",
  description: "The control of circuit-breaker: the same straggler without breakers",
  gateway: { router: "roundRobin" },
  gates: ["chat.goodput.ratio < 94%"],
});

main(import.meta);
