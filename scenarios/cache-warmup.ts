import { main, scenario } from "../src/index.ts";

/*
 * A quarter of an hour of quiet, then a peak of questions that repeat each other: the cache would carry it, once it is full. Here a warm-up loads the 3,000 hottest
 * answers in the ten minutes before, at a rate that the idle fleet does not feel, and the peak finds them. `cache-warmup-cold.ts` is the control: the
 * same peak hits an empty cache, all misses go to the fleet at once, and clients that ask again keep it overloaded.
 *
 * Which questions will be hot has to be known: here the popularity of the class itself (assumed; last week's log in practice).
 */
export default scenario({
  name: "cache-warmup",
  description: "A peak of repeated questions on a cache that was warmed up before it",
  horizon: "25m",
  warmup: "14m",
  traffic: {
    desk: {
      arrivals: {
        poisson: {
          rate: {
            piecewise: [
              ["0s", "0.5/s"],
              ["15m", "160/s"],
            ],
            interpolation: "step",
          },
        },
      },
      prompt: { lognormal: { mean: 600, p99: 3000 } },
      output: { lognormal: { mean: 300, p99: 1200 } },
      repeat: { share: "95%", contents: 10_000, zipf: 1.1 },
      slo: { ttft: "2s", tpot: "50ms" },
      client: { attemptTimeout: "15s", retry: { attempts: 3, backoff: "1s" } },
    },
  },
  gateway: {
    cache: { entries: 10_000, ttl: "1h", latency: "2ms", warmUp: { traffic: "desk", from: "5m", peak: "15m", rate: "5/s" } },
    onDisconnect: "continue",
  },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 1 } },
  gates: ["desk.goodput.ratio > 95%"],
});

main(import.meta);
