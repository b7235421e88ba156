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
const DAY_S = 24 * HOUR_S;
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
  readonly kvLength: number;
  readonly servedPerNode: number;
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
      kvLength: input + output / 2,
      servedPerNode: outputTokens / HOUR_S / (nodes * decodeShare),
      prefillMs: meanOf(prompts.map(ttftMsOf)),
      nodesNeeded: outputTokens / HOUR_S / capacityPerNode / decodeShare,
    };
  });
  const total = (of: (hour: Hour) => number): number => hours.reduce((sum, hour) => sum + of(hour), 0);
  const meanNodes = total((hour) => hour.nodes) / 24;
  const weighted = total((hour) => hour.outputTokens * hour.tokensPerSecondPerUser) / total((hour) => hour.outputTokens);
  return {
    method: [
      "DeepSeek's day 6 (deepseek-ai/open-infra-index 56d8685, CC0): hourly share of income as demand, digitised node curve, published rates. One decode GPU and one prefill GPU are simulated for 25 minutes of each hour at the demand per GPU of that hour (1/1,000 to 1/270 of the fleet).",
      `Decode and prefill share the nodes as the published rates imply (${(100 * decodeShare).toFixed(0)} % decode). Step times: decode unit of the catalog (fp8+ep64, composed) scaled to ${speed} tokens/s per user at the published mean load, prefill unit as composed. Requests of ${input} tokens in, ${output} out.`,
      "Scaling decode to its published speed makes the day's average a check of consistency, not a forecast; the curve over the hours is a result.",
    ],
    tables: [
      {
        title: "The day",
        reference: "published",
        rows: [
          relative("mean nodes (published curve as given)", facts["avg_nodes"]!, meanNodes, TARGET),
          relative(
            "cost, $ per day",
            facts["cost_per_day_usd"]!,
            meanNodes * GPUS_PER_NODE * 24 * facts["price_per_gpu_hour_usd"]!,
            TARGET,
          ),
          relative(
            "output tokens/s per decode node, mean over node-hours",
            facts["decode_tokens_per_s_per_node"]!,
            total((hour) => hour.outputTokens) / DAY_S / (meanNodes * decodeShare),
            TARGET,
          ),
          relative("token speed, tokens/s per user, mean over tokens", speed, weighted, TARGET),
          relative(
            "nodes that the demand needs at 20 tokens/s per user, mean of day",
            facts["avg_nodes"]!,
            total((hour) => hour.nodesNeeded) / 24,
            TARGET,
          ),
          relative(
            "nodes that the demand needs at 20 tokens/s per user, peak",
            facts["peak_nodes"]!,
            Math.max(...hours.map((hour) => hour.nodesNeeded)),
            TARGET,
          ),
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
      "At the peak the demand asks for more nodes than the 278 there were, at 20 tokens/s: the evening fleet then runs below that speed in the simulation. What users really got by the hour was not published, only the range of 20 to 22 over the day.",
      "The node curve is given, not found: nodes per hour are demand divided by the simulated rate per node at the slowest published speed. The next section finds it by an autoscaler.",
      "Income is a proxy for load (all tokens at R1 prices), digitised to a few per cent per hour; the night's hours differ most, since capacity moved in blocks of 30 nodes.",
    ],
  };
};

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
