import { main, scenario } from "../src/index.ts";
import hedged from "./hedging.ts";

const chat = hedged.traffic["chat"]!;

// The control of hedging: the same straggler, one copy of everything.
export default scenario({
  ...hedged,
  name: "hedging-without",
  description: "The control of hedging: the same straggler without second copies",
  traffic: { chat: { ...chat, client: {} } },
  gateway: { router: "roundRobin" },
  gates: ["chat.e2e.p99 > 6s", "chat.goodput.ratio < 95%"],
});

main(import.meta);
