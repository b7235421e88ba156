import { Streams } from "../../../src/kernel/Streams.ts";
import { meanOf } from "../../../src/serving/calibration/Errors.ts";
import { replayRun } from "../../../src/serving/calibration/replayRun.ts";
import type { RunRecord } from "../../../src/serving/calibration/RunRecord.ts";
import { tpotMsOf, ttftMsOf } from "../../../src/serving/calibration/RunRecord.ts";
import { findStepEntry } from "../../../src/serving/catalog/StepTimes.ts";
import type { EngineSpec, StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import type { Findings, Section } from "./Section.ts";
import { relative } from "./Section.ts";
import { sharedRows, sharedText } from "./SharedFile.ts";

const FACTS = "published/deepseek_day6_facts.json";
const HOURLY = "published/hourly_digitised.csv";
const GPUS_PER_NODE = 8;
const HOUR_S = 3600;
/** Simulated span of each hour, and what of it is not measured, in s. */
const SPAN_S = 1500;
const WARMUP_S = 300;
const TARGET = 5;

/** Lengths are not published: fixed ones with the published ratio of input to output and mean KV length (input + output / 2). */
export const lengths = (facts: Facts): { readonly input: number; readonly output: number } => {
  const ratio = facts["input_tokens"]! / facts["output_tokens"]!;
  const output = facts["avg_kv_length_per_output_token"]! / (ratio + 0.5);
  return { input: Math.round(ratio * output), output: Math.round(output) };
};

export type Facts = { readonly [name: string]: number };

const entry = (variant: string): StepCoefficients =>
  findStepEntry({ gpu: "h800", model: "deepseek-v3", tensorParallel: 1, dtype: { dtype: "fp8", variant } })!.coefficients;

const engine = (step: StepCoefficients, maxBatchedTokens: number): EngineSpec => ({
  maxBatchedTokens,
  maxSequences: 512,
  maxModelTokens: 2 ** 24,
  blockTokens: 64,
  kvBlocks: 2 ** 17,
  prefixCache: false,
  reserveFullPrompt: true,
  maxWaiting: 100_000,
  step,
});

/** Poisson arrivals at one GPU. */
const arrivals = (
  perSecond: number,
  of: { readonly prompt: number; readonly output: number; readonly hour: number },
): ReadonlyArray<RunRecord> => {
  const gaps = new Streams(1, 0).open("deepseek", `hour-${of.hour}-${of.output}`).sequence();
  const records: Array<RunRecord> = [];
  for (let atS = -Math.log(1 - gaps.unit()) / perSecond; atS < SPAN_S; atS -= Math.log(1 - gaps.unit()) / perSecond) {
    records.push({ arrivalMs: 1000 * atS, promptTokens: of.prompt, outputTokens: of.output, firstTokenMs: 0, lastTokenMs: 0 });
  }
  return records;
};

interface Hour {
  readonly nodes: number;
  readonly outputTokens: number;
  /** Simulated. */
  readonly tokensPerSecondPerUser: number;
  /** Tokens/s that a decode node gives, and prompt tokens/s that a prefill node takes, cache hits included, simulated. */
  readonly decodedPerNode: number;
  readonly prefilledPerNode: number;
  readonly prefillMs: number;
  readonly nodesNeeded: number;
}

const run = (): Findings => {
  const facts = JSON.parse(sharedText(FACTS)) as Facts & { readonly output_speed_tokens_per_s: readonly [number, number] };
  const { input, output } = lengths(facts);
  const speed = meanOf([...facts["output_speed_tokens_per_s"]]);
  const decodeShare = decodeShareOf(facts);
  const uncached = Math.round(input * (1 - facts["cache_hit_fraction"]!));
  const decode = calibratedDecode(facts, speed);
  const prefill = entry("ep32-prefill");
  const capacityPerNode = decodeCapacity(decode, facts["avg_kv_length_per_output_token"]!, 1000 / facts["output_speed_tokens_per_s"][0]);
  const hours = sharedRows(HOURLY).map((row, index): Hour => {
    const nodes = Number(row["avg_nodes"]);
    const outputTokens = Number(row["share_of_day"]) * facts["output_tokens"]!;
    const requestsPerSecond = outputTokens / output / HOUR_S;
    const decodeGpus = nodes * decodeShare * GPUS_PER_NODE;
    const prefillGpus = nodes * (1 - decodeShare) * GPUS_PER_NODE;
    // KV arrives by transfer: prompts cost a decode unit nothing.
    const sent = arrivals(requestsPerSecond / decodeGpus, { prompt: input, output, hour: index });
    const answered = replayRun(sent, engine({ ...decode, d: 0, e: 0, h: 0 }, 2 ** 22)).records;
    const measured = answered.filter(({ arrivalMs }) => arrivalMs >= 1000 * WARMUP_S);
    const prompts = replayRun(
      arrivals(requestsPerSecond / prefillGpus, { prompt: uncached, output: 1, hour: index }),
      engine(prefill, 16_384),
    ).records;
    return {
      nodes,
      outputTokens,
      tokensPerSecondPerUser: 1000 / meanOf(measured.map(tpotMsOf)),
      decodedPerNode: (GPUS_PER_NODE * tokensOf(answered)) / (SPAN_S - WARMUP_S),
      prefilledPerNode: (GPUS_PER_NODE * input * endedIn(prompts)) / (SPAN_S - WARMUP_S),
      prefillMs: meanOf(prompts.map(ttftMsOf)),
      nodesNeeded: outputTokens / HOUR_S / capacityPerNode / decodeShare,
    };
  });
  const total = (of: (hour: Hour) => number): number => hours.reduce((sum, hour) => sum + of(hour), 0);
  const perNode = (of: (hour: Hour) => number): number => total((hour) => hour.nodes * of(hour)) / total((hour) => hour.nodes);
  const meanNeeded = total((hour) => hour.nodesNeeded) / 24;
  const demandPeak = Math.max(...hours.map((hour) => hour.outputTokens)) / meanOf(hours.map((hour) => hour.outputTokens));
  const full = hours.filter((hour) => hour.nodes === facts["peak_nodes"]);
  const atMeanRate = (hour: Hour): number => hour.outputTokens / HOUR_S / facts["decode_tokens_per_s_per_node"]! / decodeShare;
  const weighted = total((hour) => hour.outputTokens * hour.tokensPerSecondPerUser) / total((hour) => hour.outputTokens);
  return {
    method: [
      "DeepSeek's day 6 (deepseek-ai/open-infra-index 56d8685, CC0): hourly share of income as demand, digitised node curve, published rates. One decode GPU and one prefill GPU are simulated for 25 minutes of each hour at the demand per GPU of that hour (1/1,000 to 1/270 of the fleet).",
      `Decode and prefill share the nodes as the published rates imply (${(100 * decodeShare).toFixed(0)} % decode). Step times: decode unit of the catalog (fp8+ep64, composed) scaled to ${speed} tokens/s per user at the published mean load, prefill unit as composed. Requests of ${input} tokens in, ${output} out.`,
      "Scaling decode to its published speed and sharing the nodes as the published rates imply makes the day's averages a check of consistency, not a forecast; the curve over the hours is a result.",
    ],
    tables: [
      {
        title: "The day",
        reference: "published",
        rows: [
          relative("nodes that the demand needs at 20 tokens/s per user, mean of day", facts["avg_nodes"]!, meanNeeded, TARGET),
          relative(
            "their cost, $ per day",
            facts["cost_per_day_usd"]!,
            meanNeeded * GPUS_PER_NODE * 24 * facts["price_per_gpu_hour_usd"]!,
            TARGET,
          ),
          relative(
            "nodes that the demand needs at 20 tokens/s per user, peak",
            facts["peak_nodes"]!,
            Math.max(...hours.map((hour) => hour.nodesNeeded)),
            TARGET,
          ),
          relative(
            `the same, mean of the ${full.length} hours in which the whole fleet ran`,
            facts["peak_nodes"]!,
            meanOf(full.map((hour) => hour.nodesNeeded)),
          ),
          relative(
            "output tokens/s per decode node, mean over node-hours",
            facts["decode_tokens_per_s_per_node"]!,
            perNode((hour) => hour.decodedPerNode),
            TARGET,
          ),
          relative(
            "input tokens/s per prefill node with cache hits, mean over node-hours",
            facts["prefill_tokens_per_s_per_node_incl_cache_hits"]!,
            perNode((hour) => hour.prefilledPerNode),
            TARGET,
          ),
          relative("token speed, tokens/s per user, mean over tokens", speed, weighted, TARGET),
        ],
      },
      {
        title: "By hour (UTC+8, from 12:00)",
        reference: "published nodes",
        ours: "nodes needed at 20 tokens/s",
        rows: hours.map((hour, i) => ({
          quantity: `${(12 + i) % 24}:00: ${hour.tokensPerSecondPerUser.toFixed(1)} tokens/s per user, prompt ${(hour.prefillMs / 1000).toFixed(2)} s`,
          reference: hour.nodes,
          simulated: hour.nodesNeeded,
          error: 100 * (hour.nodesNeeded / hour.nodes - 1),
        })),
      },
    ],
    remarks: [
      `The peak misses its target for a reason in the published figures, not in a step time: the demand's busiest hour has ${demandPeak.toFixed(2)} times its mean, the node curve's ${(facts["peak_nodes"]! / facts["avg_nodes"]!).toFixed(2)} times. No constant rate per node gives both: at the published mean rate (${facts["decode_tokens_per_s_per_node"]!.toLocaleString("en-US")} tokens/s per decode node) the published demand needs ${meanOf(hours.map(atMeanRate)).toFixed(0)} nodes on average and ${Math.max(...hours.map(atMeanRate)).toFixed(0)} at its peak. The fleet was at its limit of ${facts["peak_nodes"]} for ${full.length} hours whatever the demand, and had time to spare at night.`,
      "20 tokens/s is the lower end of a published average, not a limit: in its busiest hours the fleet may have been slower, as it is in the simulation. The row of the hours with the whole fleet was added after the peak had been scored.",
      "The node curve is given, not found: nodes per hour are demand divided by the simulated rate per node at the slowest published speed. The next section finds it by an autoscaler.",
      "Income is a proxy for load (all tokens at R1 prices), digitised to a few per cent per hour; the night's hours differ most, since capacity moved in blocks of 30 nodes.",
    ],
  };
};

/** Output tokens of the measured span; those of a request come evenly from the first to the last. */
const tokensOf = (records: ReadonlyArray<RunRecord>): number =>
  records.reduce((sum, { firstTokenMs, lastTokenMs, outputTokens }) => {
    const fromMs = Math.max(firstTokenMs, 1000 * WARMUP_S);
    const untilMs = Math.min(lastTokenMs, 1000 * SPAN_S);
    return sum + (untilMs > fromMs ? (outputTokens * (untilMs - fromMs)) / (lastTokenMs - firstTokenMs) : 0);
  }, 0);

/** Requests that ended in the measured span. */
const endedIn = (records: ReadonlyArray<RunRecord>): number =>
  records.filter(({ lastTokenMs }) => lastTokenMs >= 1000 * WARMUP_S && lastTokenMs < 1000 * SPAN_S).length;

/** Share of the nodes that decode, 0..1, as the published rates per node imply. */
export const decodeShareOf = (facts: Facts): number => {
  const decodeNodes = facts["output_tokens"]! / facts["decode_tokens_per_s_per_node"]!;
  return decodeNodes / (decodeNodes + facts["input_tokens"]! / facts["prefill_tokens_per_s_per_node_incl_cache_hits"]!);
};

/** The composed decode step, stretched so that the published mean load runs at the published speed. */
export const calibratedDecode = (facts: Facts, speed: number): StepCoefficients => {
  const composed = entry("ep64");
  const perGpu = facts["decode_tokens_per_s_per_node"]! / speed / GPUS_PER_NODE;
  const stepMs = composed.a + perGpu * (composed.b + composed.c * facts["avg_kv_length_per_output_token"]!);
  const factor = 1000 / speed / stepMs;
  return { ...composed, a: composed.a * factor, b: composed.b * factor, c: composed.c * factor };
};

/** Tokens/s per node with as many sequences as keep the step at `stepMs`. */
const decodeCapacity = ({ a, b, c }: StepCoefficients, kvLength: number, stepMs: number): number =>
  ((GPUS_PER_NODE * (stepMs - a)) / (b + c * kvLength)) * (1000 / stepMs);

export const deepSeek: Section = { name: "deepseek", title: "DeepSeek's day 6", needs: [FACTS, HOURLY], run };
