import { main, scenario } from "../src/index.ts";

/*
 * One of ten replicas is six times slower all the time, and nobody knows: round robin sends it every tenth request. When an attempt takes longer than
 * 90 % of all do, the client sends a second copy, paid from a budget of 15 % of the requests; the first answer wins and the other is hung up, which
 * frees its place in the batch: a tenth more attempts, and 3 % more tokens. `hedging-without.ts` is the control.
 */
export default scenario({
  name: "hedging",
  description: "A hidden straggler; a second copy of the slowest tenth of the attempts cuts the tail to a third",
  horizon: "15m",
  warmup: "3m",
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "50/s" } },
      prompt: { lognormal: { mean: 600, p99: 2500 } },
      output: 150,
      slo: { e2e: "6s" },
      client: {
        hedge: { after: { percentile: 90, initial: "3s" }, attempts: 2 },
        retry: { attempts: 1, budget: { ratio: { ratio: 0.15, minRate: "1/s" } } },
      },
    },
  },
  gateway: { router: "roundRobin", onDisconnect: "cancel" },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 10 } },
  faults: [{ slowdown: { pool: "gpu", replicas: 1, factor: 6, at: "0s", for: "15m" } }],
  gates: ["chat.e2e.p99 < 6s", "chat.goodput.ratio > 98%"],
});

main(import.meta);
