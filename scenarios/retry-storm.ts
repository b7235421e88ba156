import { main, scenario } from "../src/index.ts";

/*
 * A retry storm, the smallest world that has one: a surge of twice the load lasts 8 s; the overload lasts for ever.
 *
 * The server takes 1 s, and 10 ms more for each request that it works on: 40/s are easy, up to about 64/s it holds. Clients wait 3 s and then ask
 * again, at most three times in all, and the server does not notice that they are gone. During the surge answers take longer than 3 s; from then on
 * three attempts arrive for each request, which keeps answers above 3 s. `retry-storm-calm.ts` is the control: the same surge without retries.
 *
 * Figures and gates are of the time from half a minute after the surge on: not one request is answered in time any more, and in the control all are.
 * The timeline shows the surge too.
 *
 * What helps (then the gate fails, for it is good again seconds after the surge):
 *               --set traffic.web.client.retry.attempts=1                    no retries
 *               --set traffic.web.client.retry.budget.bucket.ratio=0.1       one retry for ten requests
 * What does not:
 *               --set gateway.onDisconnect=cancel                            three attempts of 3 s each are work enough
 *               --set traffic.web.client.retry.backoff=20s --set traffic.web.client.retry.maxBackoff=40s --set traffic.web.client.retry.jitter=full
 *               backoff and jitter, unless the surge is shorter: with --set traffic.web.spikes[0].square.for=5s they do
 *
 * Source: Marc Brooker's simulations of metastable failure (2021-2022); test/validation holds this world to his figures.
 */
export default scenario({
  name: "retry-storm",
  description: "A surge of 8 s, clients that try three times: the overload outlives its cause",
  horizon: "3m",
  warmup: "1m",
  traffic: {
    web: {
      arrivals: { poisson: { rate: "40/s" } },
      spikes: [{ square: { at: "20s", for: "8s", factor: 2 } }],
      prompt: 1,
      output: 1,
      slo: { e2e: "10s" },
      client: { attemptTimeout: "3s", retry: { attempts: 3, backoff: "0s", maxBackoff: "0s", jitter: "none" } },
    },
  },
  network: { latency: { exponential: { mean: "100ms" } } },
  gateway: { onDisconnect: "continue" },
  fleet: { server: { station: { service: "1s", perInFlight: "10ms" } } },
  gates: ["web.goodput.ratio < 1%"],
});

main(import.meta);
