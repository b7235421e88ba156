import { main, scenario } from "../src/index.ts";

/*
 * One tenant's job floods a fleet that another tenant's users share. A token bucket per tenant (30 requests/s, 60 at once) keeps the users' first
 * tokens fast: the job is told to come back later, by a Retry-After that is true. `token-bucket-without.ts` is the control: the same hour without it.
 *
 * The buckets live on a Redis that is 1 ms away; `--set gateway.store.latency=80ms` shows what happens when every decision times out and the limiter
 * fails open: the control again.
 */
export default scenario({
  name: "token-bucket",
  description: "A tenant's job floods a shared fleet; a token bucket per tenant keeps the others' first tokens fast",
  horizon: "10m",
  warmup: "1m",
  traffic: {
    chat: {
      tenant: "users",
      arrivals: { poisson: { rate: "20/s" } },
      prompt: { lognormal: { mean: 800, p99: 4000 } },
      output: { lognormal: { mean: 250, p99: 1000 } },
      slo: { ttft: "1s", tpot: "50ms" },
    },
    job: {
      tenant: "batch",
      arrivals: { poisson: { rate: "5/s" } },
      spikes: [{ square: { at: "3m", for: "4m", extra: "120/s" } }],
      prompt: { lognormal: { mean: 1500, p99: 6000 } },
      output: { lognormal: { mean: 300, p99: 1000 } },
      client: { deadline: "5m", retry: { attempts: 5 } },
    },
  },
  gateway: {
    limits: [{ tokenBucket: { rate: "30/s", burst: 60 }, per: "tenant" }],
    store: { latency: { exponential: { mean: "1ms" } }, timeout: "50ms", onFailure: "open" },
    router: "powerOfTwo",
  },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 3 } },
  gates: ["chat.goodput.ratio > 99%", "chat.ttft.p99 < 1s"],
});

main(import.meta);
