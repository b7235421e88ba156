import { main, ownPolicies, scenario } from "../src/index.ts";
import type { Autoscaler, RateLimiter } from "../src/index.ts";

/*
 * Policies of your own in place of the ones that the scenario names: a limiter that counts per second of the clock, and an autoscaler that wants a replica
 * for each 30 requests that the pool holds or keeps waiting. Both are pure: what they decide follows from their state and the time they are given.
 */
const perClockSecond = (limit: number): Pick<RateLimiter<{ second: number; used: number }>, "open" | "take" | "waitMs"> => ({
  open: () => ({ second: 0, used: 0 }),
  waitMs: (state, cost, nowMs) => {
    if (cost > limit) return Infinity;
    const used = state.second === Math.floor(nowMs / 1000) ? state.used : 0;
    return used + cost <= limit ? 0 : 1000 - (nowMs % 1000);
  },
  take(state, cost, nowMs) {
    const waitMs = this.waitMs(state, cost, nowMs);
    if (waitMs > 0) return waitMs;
    const second = Math.floor(nowMs / 1000);
    state.used = cost + (state.second === second ? state.used : 0);
    state.second = second;
    return 0;
  },
});

const oneFor = (requests: number): Autoscaler => ({
  name: "oneFor",
  decide: ({ count, concurrency, queueLength }) => {
    let held = queueLength;
    for (let replica = 0; replica < count; replica++) held += Number.isNaN(concurrency[replica]!) ? 0 : concurrency[replica]!;
    return Math.ceil(held / requests);
  },
});

export default scenario(
  {
    name: "custom-policies",
    description: "A limiter and an autoscaler of one's own",
    horizon: "15m",
    warmup: "1m",
    traffic: {
      chat: {
        arrivals: { poisson: { rate: "12/s" } },
        spikes: [{ square: { at: "5m", for: "5m", extra: "20/s" } }],
        prompt: { lognormal: { mean: 800, p99: 3000 } },
        output: { lognormal: { mean: 250, p99: 900 } },
        slo: { ttft: "2s", tpot: "60ms" },
      },
    },
    gateway: { limits: [{ gcra: { rate: "25/s", burst: 25 } }], queue: { capacity: 500 } },
    fleet: {
      gpu: {
        gpu: "H100",
        model: "llama-3.1-8b",
        replicas: 2,
        startup: { compile: "20s" },
        autoscale: { min: 1, max: 6, hpa: { target: { concurrency: 30 } } },
      },
    },
  },
  {
    components: {
      policies: ownPolicies({
        limiter: (spec, shipped) => (spec.kind === "gcra" ? perClockSecond(spec.burst) : shipped(spec)),
        autoscaler: () => oneFor(30),
      }),
    },
  },
);

main(import.meta);
