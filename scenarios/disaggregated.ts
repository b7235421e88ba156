import { main, scenario } from "../src/index.ts";

// Long prompts and short answers on 8 H100: prompts are computed in a pool of their own, so that no prefill chunk stands between two tokens of
// an answer. `colocated.ts` is the control: the same users on the same 8 GPUs, where every replica does both.
//
// Look at: ITL p99 (one decode step here, a chunk of prompts there), TTFT, the KV link, and how
// evenly both pools are used: prefill to decode GPUs = (prompt tokens/s / prefill rate) : (output tokens/s / decode rate).
export default scenario({
  name: "disaggregated",
  description: "Prompts and answers in pools of their own: no prefill between two tokens",
  horizon: "5m",
  warmup: "30s",
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "16/s" } },
      prompt: { lognormal: { mean: 3000, p99: 12000 } },
      output: { lognormal: { mean: 250, p99: 800 } },
      slo: { ttft: "2s", tpot: "15ms" },
    },
  },
  gateway: {
    // One 400 Gbit/s port per replica; the latency is assumed.
    disaggregation: { link: { bandwidth: "400Gbit/s", latency: "0.2ms" }, layerwise: true },
  },
  fleet: {
    prefill: { gpu: "H100", model: "llama-3.1-8b", replicas: 2, role: "prefill" },
    decode: { gpu: "H100", model: "llama-3.1-8b", replicas: 6, role: "decode" },
  },
  gates: ["chat.itl.p99 < 15ms"],
});

main(import.meta);
