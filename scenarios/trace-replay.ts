import { main, scenario } from "../src/index.ts";

/**
 * Replays a recorded trace on four H100 with Llama-3.1-8B. By default a small synthetic trace of the project's own; any other by
 *   npx spillway run scenarios/trace-replay.ts --set traffic.chat.trace=PATH
 * (Azure LLM 2023/2024 CSV, BurstGPT CSV, Mooncake JSONL, ServeGen folders, ShareGPT/vLLM JSON, our JSONL; plain or gzip).
 * The horizon leaves a minute after its ten for the last answers; give another trace its own by --set horizon=DURATION.
 */
export default scenario({
  name: "trace-replay",
  description: "A recorded trace on 4 H100",
  horizon: "11m",
  traffic: {
    chat: { trace: "traces/synthetic.jsonl.gz", slo: { ttft: "2s", tpot: "100ms" } },
  },
  gateway: { router: "powerOfTwo" },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 4 } },
});

main(import.meta);
