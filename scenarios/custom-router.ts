import * as Layer from "effect/Layer";
import { main, Router, scenario } from "../src/index.ts";

// A router of your own is a pure function of what a gateway knows: here, long prompts keep to the last replica, so that they delay each other only.
const longPromptsApart = Layer.succeed(Router, {
  name: "longPromptsApart",
  pick: (fleet, request, draw) => (request.promptTokens > 4000 ? fleet.count - 1 : Math.floor(draw() * (fleet.count - 1))),
});

export default scenario(
  {
    name: "custom-router",
    description: "Long prompts on a replica of their own",
    horizon: "10m",
    warmup: "1m",
    traffic: {
      chat: {
        arrivals: { poisson: { rate: "30/s" } },
        prompt: { lognormal: { mean: 600, p99: 2000 } },
        output: { lognormal: { mean: 200, p99: 800 } },
        longTail: { share: "3%", prompt: { uniform: ["8k", "24k"] } },
        slo: { ttft: "1s", tpot: "60ms" },
      },
    },
    fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: 4 } },
  },
  { components: { router: longPromptsApart } },
);

main(import.meta);
