import { main, scenario } from "../src/index.ts";

/*
 * A heavy tenant sends more than the fleet can serve for three minutes; a light one goes on as ever. The gateway's queue is fair: the tenant with
 * the least service (tokens of prompts, and twice those of answers) is next, so the light one hardly waits and the heavy one waits for itself.
 * `fair-tenants-without.ts` is the control: the same load, oldest first.
 */
export default scenario({
  name: "fair-tenants",
  description: "A heavy tenant overloads a shared fleet; a fair queue keeps the light one's first tokens fast",
  horizon: "10m",
  warmup: "1m",
  traffic: {
    light: {
      tenant: "light",
      arrivals: { poisson: { rate: "4/s" } },
      prompt: { lognormal: { mean: 600, p99: 3000 } },
      output: { lognormal: { mean: 200, p99: 800 } },
      slo: { ttft: "2s", tpot: "60ms" },
    },
    heavy: {
      tenant: "heavy",
      arrivals: { poisson: { rate: "15/s" } },
      spikes: [{ square: { at: "3m", for: "3m", extra: "50/s" } }],
      prompt: { lognormal: { mean: 1200, p99: 6000 } },
      output: { lognormal: { mean: 300, p99: 1200 } },
    },
  },
  gateway: {
    queue: { capacity: 20_000, order: { fair: { by: "tenant" } } },
    maxInFlightPerReplica: 64,
    router: "leastOutstanding",
  },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 2 } },
  gates: ["light.goodput.ratio > 95%", "light.ttft.p99 < 2s"],
});

main(import.meta);
