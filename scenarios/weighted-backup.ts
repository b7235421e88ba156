import { main, scenario } from "../src/index.ts";

/*
 * Two pools of different speed behind nginx-like weights (an H100 gets three requests for each of an A100), and a few L40S as backup that get nothing
 * until no primary is left to choose. Then all primaries but one A100 die for five minutes. `weighted-backup-without.ts` is the control: no backup pool.
 */
export default scenario({
  name: "weighted-backup",
  description: "Weighted pools lose most of their replicas; a backup pool takes over",
  horizon: "15m",
  warmup: "1m",
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "24/s" } },
      prompt: { lognormal: { mean: 700, p99: 3000 } },
      output: { lognormal: { mean: 200, p99: 800 } },
      slo: { ttft: "2s", tpot: "80ms" },
      client: { deadline: "60s", retry: { attempts: 3 } },
    },
  },
  gateway: { router: { nginx: { maxFails: 3, failTimeout: "10s" } }, maxInFlightPerReplica: 48, queue: { capacity: 500, timeout: "20s" } },
  fleet: {
    fast: { gpu: "H100", model: "llama-3.1-8b", replicas: 2, weight: 3 },
    slow: { gpu: "A100-80", model: "llama-3.1-8b", replicas: 2, weight: 1 },
    spare: { gpu: "L40S", model: "llama-3.1-8b", replicas: 6, backup: true },
  },
  faults: [
    { replicaDown: { pool: "fast", replicas: 2, at: "5m", for: "5m" } },
    { replicaDown: { pool: "slow", replicas: 1, at: "5m", for: "5m" } },
  ],
  gates: ["chat.goodput.ratio > 95%"],
});

main(import.meta);
