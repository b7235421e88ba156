import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { SLOT_BITS } from "../../src/kernel/SlotPool.ts";
import { Phase } from "../../src/kernel/Kernel.ts";
import type { Actor } from "../../src/kernel/Kernel.ts";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { World } from "../../src/scenario/World.ts";
import type { ClientService } from "../../src/serving/Client.ts";
import { Client } from "../../src/serving/Client.ts";
import { mixKey } from "../../src/serving/engine/TokenContent.ts";
import { Recorder } from "../../src/serving/Recorder.ts";
import { Simulation } from "../../src/serving/Simulation.ts";
import { worldLayer } from "../../src/serving/worldLayer.ts";
import type { Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

const REPLICAS = 64;
const PER_SECOND = 64;
const BLOCK_TOKENS = 512;
/** Blocks of a shared beginning, the very first common to all: 4,608 of 12,400 tokens on average, 37 %. */
const SHARED_BLOCKS = 9;
const BEGINNINGS = 50;
const MEAN_OWN_TOKENS = 7800;
const LONGEST_PROMPT = 122_880;

/** A uniform number for each purpose and request, by mixing. */
const uniform = (purpose: number, i: number): number => (mixKey(purpose, i) - 0.5) / 2 ** 53;

/** Fills an array that may be longer than the prompt needs, as the generator reuses them: a trace reader's allocations are not measured. */
const fillHashes = (hashes: Float64Array, id: number, promptTokens: number): void => {
  const beginning = 1 + Math.floor(uniform(3, id) * BEGINNINGS) * SHARED_BLOCKS;
  const own = 1_000_000 + id * 1000;
  const blocks = Math.ceil(promptTokens / BLOCK_TOKENS);
  for (let i = 1; i < blocks; i++) hashes[i] = (i < SHARED_BLOCKS ? beginning : own) + i;
};

/** Requests with block hashes as in the Mooncake traces: long prompts, blocks of 512 tokens, shared beginnings, answers of 340 tokens. */
class HashedArrivals implements Actor {
  private readonly simulation: typeof Simulation.Service;
  private readonly client: ClientService;
  private readonly hashes: Array<Float64Array | undefined> = [];
  private count = 0;
  private nextMs = 0.5;

  constructor(simulation: typeof Simulation.Service, client: ClientService) {
    this.simulation = simulation;
    this.client = client;
    this.nextMs = 0;
  }

  start(): void {
    const { kernel } = this.simulation;
    kernel.source(() => this.next(), kernel.join(this), 0, 0, Phase.Arrival);
  }

  wake(): void {
    const { requests } = this.simulation;
    const id = this.count++;
    const request = requests.take();
    const wanted = SHARED_BLOCKS * BLOCK_TOKENS + 1 + Math.round(-Math.log(1 - uniform(2, id)) * MEAN_OWN_TOKENS);
    const promptTokens = Math.min(wanted, LONGEST_PROMPT);
    requests.classIndex.at[request] = 0;
    requests.turn.at[request] = 0;
    requests.turnsLeft.at[request] = 0;
    requests.prefixKey.at[request] = 0;
    requests.prefixTokens.at[request] = 0;
    requests.user.at[request] = -1;
    requests.number.at[request] = id;
    requests.promptTokens.at[request] = promptTokens;
    requests.outputTokens.at[request] = Math.max(1, Math.round(-Math.log(1 - uniform(4, id)) * 340));
    requests.streamKey.at[request] = 2 ** 44 + id;
    requests.traceBlockTokens.at[request] = BLOCK_TOKENS;
    const hashes = (this.hashes[request >> SLOT_BITS] ??= new Float64Array(LONGEST_PROMPT / BLOCK_TOKENS));
    fillHashes(hashes, id, promptTokens);
    requests.traceKeys.set(request, hashes);
    this.client.start(request);
  }

  private next(): number {
    this.nextMs += (-Math.log(1 - uniform(1, this.count)) * 1000) / PER_SECOND;
    return this.nextMs;
  }
}

/** 64 replicas with prefix caches and recorded block hashes, all metrics on. Units are requests. */
export const blockHashes = (requests: number): Measurement =>
  measure(
    () => void runWorld(20_000),
    () => runWorld(requests),
  );

const worldOf = (requests: number): World => {
  const decoded = decodeScenario(
    sourceOf({
      name: "bench",
      horizon: `${Math.ceil(requests / PER_SECOND)}s`,
      // The arrivals of this class come from elsewhere.
      traffic: {
        chat: { arrivals: { closed: { users: 1, think: "1000000s" } }, prompt: 10, output: 10, slo: { ttft: "5s", tpot: "50ms" } },
      },
      gateway: { router: "powerOfTwo" },
      fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: REPLICAS, engine: { prefixCache: true } } },
    }),
  );
  if (decoded instanceof ScenarioFault) throw decoded;
  return decoded.world;
};

const runWorld = (requests: number): number => {
  const world = worldOf(requests);
  const run = {
    seed: 1,
    replication: 0,
    timelineIntervalMs: world.horizonMs / 120,
    sampleSize: 10_000,
    skipBadRows: false,
    components: {},
  };
  return Effect.runSync(
    Effect.scoped(
      Effect.map(Layer.build(worldLayer(world, run)), (services) => {
        const simulation = Context.get(services, Simulation);
        new HashedArrivals(simulation, Context.get(services, Client)).start();
        simulation.kernel.runFor(Infinity, world.horizonMs);
        return Context.get(services, Recorder).requests;
      }),
    ),
  );
};
