import * as Effect from "effect/Effect";
import { meanOf } from "../../../src/serving/calibration/Errors.ts";
import { simulate } from "../../../src/experiment/simulate.ts";
import { decodeScenario, sourceOf } from "../../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../../src/scenario/ScenarioFault.ts";
import type { Result } from "../../../src/metric/Result.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import type { Facts } from "./deepSeek.ts";
import { calibratedDecode, decodeShareOf, lengths } from "./deepSeek.ts";
import type { Comparison, Findings, Section } from "./Section.ts";
import { bounded, relative } from "./Section.ts";
import { sharedRows, sharedText } from "./SharedFile.ts";

const FACTS = "published/deepseek_day6_facts.json";
const HOURLY = "published/hourly_digitised.csv";
/** All published node counts are 8 modulo 30: capacity moved in blocks of a decode unit of 18 nodes and three prefill units of 4. */
const BLOCK_NODES = 30;
const BASE_NODES = 8;
const GPUS_PER_NODE = 8;
const START_HOUR = 12;
const DAY_S = 86_400;
const TARGET = 10;

interface Day {
  /** Of the hours from 12:00 on. */
  readonly nodes: ReadonlyArray<number>;
  readonly result: Result;
}

/** A block is a replica, and one GPU of its decode unit stands for it. */
const worldOf = (of: {
  readonly step: StepCoefficients;
  readonly mean: number;
  readonly lengths: { readonly input: number; readonly output: number };
  readonly shares: ReadonlyArray<number>;
  readonly concurrency: number;
  /** How long capacity must have been idle before it leaves; Kubernetes' default where absent. */
  readonly scaleDownAfter?: "1h";
}): ScenarioInput => ({
  name: "autoscaled-day",
  horizon: "24h",
  traffic: {
    all: {
      arrivals: {
        poisson: { rate: { diurnal: { mean: `${of.mean.toFixed(6) as `${number}`}/s`, startHour: START_HOUR, shares: of.shares } } },
      },
      prompt: of.lengths.input,
      output: of.lengths.output,
    },
  },
  fleet: {
    block: {
      gpu: "none",
      model: "none",
      replicas: 9,
      startup: { compile: "5m" },
      engine: {
        maxSequences: 512,
        maxBatchedTokens: 2 ** 22,
        blockTokens: 64,
        kvBlocks: 2 ** 17,
        prefixCache: false,
        // KV arrives by transfer: prompts cost a decode unit nothing.
        step: { a: of.step.a, b: of.step.b, c: of.step.c },
      },
      autoscale: {
        min: 2,
        max: 9,
        interval: "15m",
        hpa: {
          target: { concurrency: of.concurrency },
          ...(of.scaleDownAfter === undefined ? {} : { scaleDown: { stabilization: of.scaleDownAfter } }),
        },
      },
    },
  },
});

const simulateDay = async (world: ScenarioInput): Promise<Day> => {
  const decoded = decodeScenario(sourceOf(world));
  if (decoded instanceof ScenarioFault) throw decoded;
  const { result } = await Effect.runPromise(simulate(decoded.world, { seed: 1 }));
  const nodes = Array.from({ length: 24 }, (_, hour) => {
    const points = result.timeline.filter(({ atMs }) => Math.ceil(atMs / 3.6e6) === hour + 1);
    return BASE_NODES + BLOCK_NODES * meanOf(points.map((point) => point.replicas![0]!.ready));
  });
  return { nodes, result };
};

const run = async (): Promise<Findings> => {
  const facts = JSON.parse(sharedText(FACTS)) as Facts & { readonly output_speed_tokens_per_s: readonly [number, number] };
  const hours = sharedRows(HOURLY);
  const published = hours.map((row) => Number(row["avg_nodes"]));
  const size = lengths(facts);
  const slowest = facts["output_speed_tokens_per_s"][0];
  const speed = meanOf([...facts["output_speed_tokens_per_s"]]);
  const step = calibratedDecode(facts, speed);
  const sequencesAt = (tokensPerSecond: number): number =>
    (1000 / tokensPerSecond - step.a) / (step.b + step.c * facts["avg_kv_length_per_output_token"]!);
  const concurrency = sequencesAt(slowest);
  const peak = facts["peak_nodes"]!;
  const gpusPerBlock = BLOCK_NODES * decodeShareOf(facts) * GPUS_PER_NODE;
  const mean = ((facts["output_tokens"]! / size.output / DAY_S) * ((peak - BASE_NODES) / peak)) / gpusPerBlock;
  const shares = Array.from({ length: 24 }, (_, hour) => Number(hours.find((row) => Number(row["hour_utc8"]) === hour)!["share_of_day"]));
  const world = { step, mean, lengths: size, shares };
  const day = await simulateDay(worldOf({ ...world, concurrency }));
  const calmer = await simulateDay(worldOf({ ...world, concurrency: sequencesAt(speed), scaleDownAfter: "1h" }));
  const meanNodes = meanOf(published);
  const flat = published.map((value) => Math.abs(value - meanNodes));
  const curve = ({ nodes, result }: Day, target?: number): ReadonlyArray<Comparison> => {
    const errors = nodes.map((value, i) => Math.abs(value - published[i]!));
    const { scaleUps, scaleDowns } = result.pools[0]!.scaling!;
    return [
      bounded("mean absolute error of the hourly nodes, % of the mean", (100 * meanOf(errors)) / meanNodes, target),
      bounded("for comparison, the same error of a constant fleet of the published mean", (100 * meanOf(flat)) / meanNodes),
      bounded("largest error of an hour, nodes", Math.max(...errors), undefined, " nodes"),
      relative("mean nodes", meanNodes, meanOf(nodes), target),
      relative("decisions to change", 11, scaleUps + scaleDowns),
      relative("token speed, tokens/s per user, mean of day", speed, 1000 / result.classes[0]!.tpotMs.mean!),
    ];
  };
  return {
    method: [
      `A day with an autoscaler: a block of ${BLOCK_NODES} nodes is a replica, simulated by one GPU of its decode unit; demand by the hour is that of one GPU in ${gpusPerBlock.toFixed(0)}, less the part of the ${BASE_NODES} nodes that never left. The Kubernetes autoscaler decides each 15 minutes, with 2 to 9 blocks; a block is ready 5 minutes later (assumed).`,
      `Its target is ${concurrency.toFixed(1)} sequences per GPU: as many as run at ${slowest} tokens/s, the slowest published speed, by the step times of the section above. No figure of the node curve is used but its blocks, fewest and most.`,
    ],
    tables: [
      {
        title: "Node curve of the autoscaler",
        reference: "published",
        rows: curve(day, TARGET),
      },
      {
        title: `Calmer: ${sequencesAt(speed).toFixed(1)} sequences per GPU (${speed} tokens/s, the published mean), blocks leave after an hour of less demand`,
        reference: "published",
        rows: curve(calmer),
      },
      {
        title: "By hour (UTC+8, from 12:00), autoscaled",
        reference: "published nodes",
        ours: "nodes of the autoscaler",
        rows: hours.map((row, i) => ({
          quantity: `${row["hour_utc8"]}:00`,
          reference: published[i]!,
          simulated: day.nodes[i]!,
          error: day.nodes[i]! - published[i]!,
          errorUnit: " nodes",
        })),
      },
    ],
    remarks: [
      "The speed comes out below the published range: the autoscaler lets 10 % more sequences pass as near enough to its target, and at the peak the demand asks for more than nine blocks.",
      "It changes its mind three times as often as the published curve did: it has no foresight, and noon and evening lie between eight and nine blocks. The calmer rules were written down before they were run, but after the first had been scored; the hour is a guess (what leaves goes to training), so they have no target.",
      "How DeepSeek decided is not published. The decode step is scaled to the published mean load, so the mean is a check of consistency; that a plain target on sequences per GPU gives the course over the day is the result.",
    ],
  };
};

export const autoscaledDay: Section = { name: "autoscaled-day", title: "DeepSeek's day 6 with an autoscaler", needs: [FACTS, HOURLY], run };
