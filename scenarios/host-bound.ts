import { main, scenario } from "../src/index.ts";

// The GPUs of these replicas stream more tokens per second than one API server process can detokenize and send: users wait for a CPU while
// the GPU looks healthy. `host-relieved.ts` is the control: the same users and GPUs with four processes.
//
// Look at: "front end" at 100 %, named as most used, TTFT and end-to-end times that grow for minutes while the engine has next to no queue.
export default scenario({
  name: "host-bound",
  description: "Streamed tokens per second, not the GPU, are the bottleneck: one API server process per replica",
  horizon: "5m",
  warmup: "30s",
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "38/s" } },
      prompt: { lognormal: { mean: 400, p99: 2000 } },
      output: { lognormal: { mean: 300, p99: 900 } },
      slo: { ttft: "1s", tpot: "40ms" },
    },
  },
  fleet: {
    main: {
      gpu: "H100",
      model: "llama-3.1-8b",
      replicas: 2,
      engine: {
        maxSequences: 256,
        // Asynchronous scheduling. Times of the engine core: assumed, in the range of 0.5 to 2 ms per step.
        host: { perStep: "0.8ms", perSequence: "0.01ms", mode: "overlapped" },
      },
      // Detokenizing and sending an event takes a Python process about 0.2 ms (assumed): 5,000 tokens/s on one core.
      frontend: { cores: 1, perRequest: "2ms", perPromptToken: "0.002ms", perStreamedToken: "0.2ms" },
      network: { bandwidth: "10Gbit/s" },
      disk: { bandwidth: "500MB/s", capacity: "100GB", logPerRequest: "4kB" },
    },
  },
  gates: ["chat.goodput.ratio < 50%"], // what the run demonstrates
});

main(import.meta);
