import { main, scenario } from "../src/index.ts";

/*
 * One of eight replicas turns twenty times slower for ten minutes: up, but of no use. Round robin goes on sending it an eighth of the users. A breaker
 * in front of each replica opens when half of its calls of the last 20 s are slow: a call is as soon as it takes 8 s, however long it goes on. Every
 * 30 s it lets one probe through; a slow one keeps it open. `circuit-breaker-without.ts` is the control: the same straggler without breakers.
 */
export default scenario({
  name: "circuit-breaker",
  description: "One of eight replicas becomes a straggler; breakers by slow calls take it out",
  horizon: "20m",
  warmup: "2m",
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "60/s" } },
      prompt: { lognormal: { mean: 800, p99: 4000 } },
      output: { lognormal: { mean: 250, p99: 1000 } },
      slo: { ttft: "2s", tpot: "50ms" },
      client: { deadline: "60s" },
    },
  },
  gateway: {
    router: "roundRobin",
    breaker: {
      trip: { time: { window: "20s", minCalls: 5, failures: "50%", slow: "50%" } },
      slowCall: "8s",
      openFor: "30s",
      probeLease: "60s",
    },
  },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 8 } },
  faults: [{ slowdown: { pool: "gpu", replicas: 1, factor: 20, at: "5m", for: "10m" } }],
  gates: ["chat.goodput.ratio > 99%"],
});

main(import.meta);
