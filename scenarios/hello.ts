import { main, scenario } from "../src/index.ts";

export default scenario({
  name: "hello",
  horizon: "10m",
  warmup: "1m",
  traffic: {
    chat: { arrivals: { poisson: { rate: "20/s" } }, prompt: 800, output: { lognormal: { mean: 250, p99: 1000 } }, slo: { ttft: "1s" } },
  },
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 2 } },
  gates: ["chat.ttft.p99 < 1s", "goodput.ratio > 0.99"],
});

main(import.meta);
