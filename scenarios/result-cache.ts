import { main, scenario } from "../src/index.ts";

/*
 * A help desk whose users mostly ask what others have asked: three in four questions are one of 20,000 known ones, the popular ones far more often.
 * A cache of 5,000 whole answers in front of the gateway leaves the fleet about a third of the work, which two replicas carry with ease; alone they
 * would drown. `result-cache-without.ts` is the control: the same users and replicas without a cache.
 *
 * While an answer is being generated, whoever asks the same waits for it instead of asking the fleet again: look at "by another's load".
 * Early refresh loads an answer again before its ten minutes are over, so that nobody waits when a popular one ends.
 *
 * Shares and popularity: assumed. Early refresh: Vattani, Chierichetti, Lowenstein, Optimal probabilistic cache stampede prevention, VLDB 2015.
 */
export default scenario({
  name: "result-cache",
  description: "Repeated questions: a cache of whole answers carries what the fleet alone cannot",
  horizon: "30m",
  warmup: "10m",
  traffic: {
    desk: {
      arrivals: { poisson: { rate: "90/s" } },
      prompt: { lognormal: { mean: 600, p99: 3000 } },
      output: { lognormal: { mean: 300, p99: 1200 } },
      repeat: { share: "75%", contents: 20_000, zipf: 1.1 },
      slo: { ttft: "2s", tpot: "50ms" },
      client: { deadline: "60s" },
    },
  },
  gateway: { cache: { entries: 5000, ttl: "10m", ttlJitter: "10%", latency: "2ms", earlyRefresh: 1 } },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 2 } },
  gates: ["desk.goodput.ratio > 99%", "gateway.cache.hitRatio > 70%"],
});

main(import.meta);
