import { main, scenario } from "../src/index.ts";

/*
 * The start of business: within ten minutes of 8:55 demand is eight times as high, until 9:45. A new replica is ready nearly seven minutes after the
 * decision: a machine and its image, 141 GB of weights, compilation and graph capture.
 *
 * Here a schedule has replicas ready before they are needed, and the Kubernetes autoscaler beneath it sees to what the schedule did not foresee.
 *
 *                                                                       good   replica-hours
 *   autoscaling.ts         schedule and autoscaler                    99.9 %   11.5
 *   autoscaling-hpa.ts     the autoscaler alone                         77 %   11.7   what it starts when it sees the load comes seven minutes late
 *   autoscaling-fixed.ts   a fleet that never changes, the control      26 %   12.1   idle at first, swamped for an hour
 *
 * Look at goodput, TTFT, replicas and booting over time. In autoscaling-hpa the queue at the gateway fills up while replicas boot, and the
 * autoscaler sees nothing of it: a replica that is full holds 32 attempts, however many wait.
 *
 * A target of utilization would not do: an LLM engine is busy with one sequence as with a hundred. What counts is how many it holds.
 */
export default scenario({
  name: "autoscaling",
  description: "A morning's rush: scheduled replicas on top of a Kubernetes autoscaler",
  horizon: "150m", // 08:30 to 11:00
  warmup: "5m",
  traffic: {
    chat: {
      arrivals: {
        poisson: {
          rate: {
            piecewise: [
              ["0m", "3/s"],
              ["25m", "3/s"],
              ["35m", "24/s"],
              ["75m", "24/s"],
              ["85m", "3/s"],
            ],
          },
        },
      },
      prompt: { lognormal: { mean: 900, p99: 6000 } },
      output: { lognormal: { mean: 350, p99: 1500 } },
      slo: { ttft: "2s", tpot: "60ms" },
    },
  },
  gateway: { queue: { capacity: 2000 }, maxInFlightPerReplica: 32 },
  fleet: {
    main: {
      gpu: "H100",
      model: "llama-3.1-70b",
      parallelism: { tp: 4 },
      replicas: 2,
      // At most 32 sequences at a time keep the gap between tokens short.
      engine: { maxSequences: 32 },
      startup: {
        imagePull: { time: "4m" }, // a machine from the cloud and 10 GB of image; assumed
        weightBandwidth: "2GB/s", // object storage; 141 GB take 70 s
        compile: "80s", // torch.compile and graph capture of a large model; assumed
        warmup: "10s",
      },
      autoscale: {
        min: 2,
        max: 10,
        startHour: 8.5,
        hpa: { target: { concurrency: 22 } },
        scheduled: [
          { at: "08:50", replicas: 8 },
          { at: "09:45", replicas: 2 },
        ],
      },
    },
  },
  gates: ["chat.goodput.ratio > 99%", "fleet.main.replicaHours < 12"],
});

main(import.meta);
