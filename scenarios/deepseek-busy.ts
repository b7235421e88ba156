import { main, scenario } from "../src/index.ts";

/*
 * "The server is busy", January and February 2025: users of DeepSeek-R1 got HTTP 200 and, after exactly 60 s, an empty body.
 *
 * The back end held connections open under load, a gateway in front of it cut them at 60 s, and the clients asked again. At 20 tokens/s the cut
 * kills 37 % of the answers with no overload at all. If the engine goes on for nobody and each of them is asked for six times, the same demand is
 * 4.9 times the work, and once the queue has grown to a minute, everybody is cut.
 *
 * Look at: requests "not answered" by GPUs that are 100 % busy, tokens "generated for nobody", attempts per request, and goodput over time: gone
 * within minutes of 18:00, and still gone at 2 in the morning with less than half of the demand. The table of times knows the few
 * survivors only, nearly all from the first minutes: its median TTFT looks fine, as the status page did.
 *
 * `deepseek-patient.ts` is the control: the same evening without the cut, 99.9 % good. Remedies, and the share of good requests that they give:
 *
 *   npx tsx scenarios/deepseek-busy.ts                                              0.7 %  as it was
 *   npx tsx scenarios/deepseek-busy.ts --set fleet.decode.replicas=16               1.3 %  twice the GPUs; four times (32): 19 %
 *   npx tsx scenarios/deepseek-busy.ts --set gateway.onDisconnect=cancel             13 %  the engine notices that its user is gone
 *   npx tsx scenarios/deepseek-busy.ts --set traffic.chat.client.retry.attempts=1    71 %  nobody asks again: the cut alone
 *   npx tsx scenarios/deepseek-busy.ts --set gateway.responseTimeLimit=30m         99.9 %  the limit that DeepSeek documented
 *
 * The gates state what the run demonstrates: where a remedy works they fail, with exit code 99.
 *
 * Sources. [day 6]: deepseek-ai/open-infra-index, 202502OpenSourceWeek/day_6_one_more_thing_deepseekV3R1_inference_system_overview.md, for 27 Feb
 * 2025 12:00 to 28 Feb 12:00 UTC+8. [ServeGen]: alibaba/ServeGen, data/reason/deepseek-r1: 73 clients of another provider in one day, a stand-in.
 */

// Demand in the hours 0 to 23, UTC+8: percent of the day's income at R1 prices, digitized from the figure of [day 6].
// prettier-ignore
const HOURLY_SHARES = [
  3.87, 3.19, 2.34, 1.42, 1.13, 1.13, 1.42, 2.44, 4.11, 5.24, 5.42, 5.32, 4.81, 5.07, 5.42, 5.5, 5.42, 4.95, 4.77, 5.26, 5.46, 5.48, 5.52, 5.3,
];

// [ServeGen], weighted by the rates of its clients: in the mean 1,268 tokens of prompt, 1,527 of reasoning and answer. The straight lines between
// these points make that 1,357 and 1,555.
// prettier-ignore
const PROMPT_TOKENS = {
  p0: 4, p25: 41, p50: 208, p75: 482, p85: 1165, p90: 2092, p95: 6714, p98: 16479, p99: 23423, "p99.9": 33783, p100: 57284,
};
// prettier-ignore
const ANSWER_TOKENS = {
  p0: 9, p10: 287, p25: 427, p50: 792, p60: 1104, p75: 1499, p80: 1680, p85: 2196, p90: 3432, p95: 5701, p97: 7617, p98: 9338, p99: 12607,
  "p99.5": 15737, "p99.9": 20833, p100: 32768,
};

export default scenario({
  name: "deepseek-busy",
  description: "DeepSeek-R1 on an evening of early 2025: connections are held, a gateway cuts them at 60 s, clients ask again",
  horizon: "8h", // 18:00 to 02:00, UTC+8
  warmup: "0s", // how it begins belongs to it
  traffic: {
    chat: {
      arrivals: {
        poisson: {
          rate: {
            diurnal: {
              // 168e9 output tokens a day [day 6] are 1,273 answers/s of 1,527 tokens. This is 1/184 of them, for one node of about 161:
              // 278 nodes at the peak [day 6], of which 58 % decode (derived from tokens/s per node: 131.4 of 226.9).
              mean: "6.9/s",
              startHour: 18,
              shares: HOURLY_SHARES,
            },
          },
        },
      },
      prompt: { quantiles: PROMPT_TOKENS },
      output: { quantiles: ANSWER_TOKENS },
      slo: { ttft: "10s", e2e: "30m" }, // assumed: patient users, and the whole answer
      // Five retries at once, all of them in vain: deepseek-ai/DeepSeek-V3 #606 (Feb 2025). 0.5 s is openai-python's first wait.
      client: { retry: { attempts: 6, backoff: "500ms", factor: 1 } },
    },
  },
  gateway: {
    // "Your request stays connected", with blank lines or ": keep-alive" while it waits: DeepSeek's rate-limit page, copies of 5 and 6 Feb 2025.
    queue: { capacity: "100k" },
    // 200 at 09:03:27.199, empty at 09:04:27.206: AI_NovelGenerator #61 (6 Feb 2025); also DeepSeek-V3 #450 (29 Jan), DeepSeek-R1 #91.
    responseTimeLimit: "60s",
    // Whether the back end noticed is not published. Assumed: behind keep-alive it does not.
    onDisconnect: "continue",
  },
  fleet: {
    // One node of a decode unit: a replica is one of its 8 H800. 14.8k tokens/s per node at 20 to 22 tokens/s per user [day 6] are 88 sequences per
    // GPU. Without the cut, this demand has 82 of them at its peak, at 21 tokens/s, of at most 112 (assumed). Prefill has units of its own [day 6]:
    // it takes no time here.
    decode: {
      gpu: "H800",
      model: "deepseek-r1",
      dtype: "fp8",
      replicas: 8,
      engine: {
        maxSequences: 112,
        kvBlocks: 39122, // 626k tokens: what the catalog finds beside the weights of one GPU of such a unit
        prefixCache: false,
        // Decode with wide expert parallelism, communication overlapped, without the prefill terms of the catalog's "fp8+ep64":
        // composed from operation times of H100 (aiconfigurator 095f58a), median error 3.7 %; 88 sequences of 5k tokens: 14.5k tokens/s.
        step: { a: 17.8124, b: 0.144339, c: 4.82591e-5 },
        hostOverhead: "1.2ms",
      },
    },
  },
  gates: [
    "chat.goodput.ratio < 50%", // the collapse is there
    "chat.expired.ratio > 50%", // users end with an empty body
  ],
});

main(import.meta);
