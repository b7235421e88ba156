import { main, scenario } from "../src/index.ts";
import cached from "./result-cache.ts";

// The control of result-cache: the same users and replicas without a cache. The fleet is overloaded from the start.
export default scenario({
  ...cached,
  name: "result-cache-without",
  description: "The control of result-cache: the same load without a cache",
  gateway: {},
  gates: ["desk.goodput.ratio < 50%"],
});

main(import.meta);
