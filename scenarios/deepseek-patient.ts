import { main, scenario } from "../src/index.ts";
import busy from "./deepseek-busy.ts";

// The control of deepseek-busy: the same users, the same GPUs, the same seed, no cut at 60 s. What remains is the limit that DeepSeek documented:
// a request is closed when it has not completed after 30 minutes (rate-limit page, copies of 5 and 6 Feb 2025).
export default scenario({
  ...busy,
  name: "deepseek-patient",
  description: "The control of deepseek-busy: the same evening without the cut at 60 s",
  gateway: { ...busy.gateway, responseTimeLimit: "30m" },
  gates: ["chat.goodput.ratio > 95%", "chat.ttft.p99 < 10s"],
});

main(import.meta);
