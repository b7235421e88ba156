import { main, scenario } from "../src/index.ts";
import apart from "./disaggregated.ts";

// The control of disaggregated: the same users and the same 8 GPUs, each of which computes prompts and answers.
export default scenario({
  ...apart,
  name: "colocated",
  description: "The control of disaggregated: every replica computes prompts and answers",
  gateway: {},
  fleet: { main: { gpu: "H100", model: "llama-3.1-8b", replicas: 8 } },
  gates: ["chat.itl.p99 > 15ms"],
});

main(import.meta);
