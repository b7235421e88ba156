/**
 * Writes synthetic.jsonl.gz beside this file: `npx tsx scenarios/traces/generate.ts`. The same bytes each time with the
 * same zlib. All figures are assumed: a chat with four system prompts and two bursts in ten minutes.
 */
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Streams } from "../../src/kernel/Streams.ts";
import { OpenArrivals } from "../../src/workload/OpenArrivals.ts";
import type { TrafficClassSpec } from "../../src/workload/TrafficSpec.ts";

const SEED = 2026;
const LENGTH_MS = 600_000;
const BLOCK_TOKENS = 16;

const CHAT: TrafficClassSpec = {
  name: "chat",
  arrivals: { kind: "gamma", rate: { kind: "constant", perSecond: 2.6 }, cv: 1.3 },
  spikes: [
    { shape: "square", atMs: 150_000, durationMs: 30_000, factor: 4 },
    { shape: "decay", atMs: 400_000, durationMs: 30_000, factor: 4 },
  ],
  prompt: { kind: "lognormal", mean: 220, p99: 1500 },
  output: { kind: "lognormal", mean: 250, p99: 1200 },
  prefix: { count: 4, tokens: 384, zipf: 1 },
  priority: 0,
  weight: 1,
  tenant: "synthetic",
  slo: {},
  client: {},
};

/** Ids of the prompt's blocks: those of the shared prefix are the same for all its requests, the others new. */
class BlockNames {
  private readonly prefixes = new Map<number, ReadonlyArray<number>>();
  private last = 0;

  of(prefixId: number, prefixTokens: number, promptTokens: number): ReadonlyArray<number> {
    const shared = this.prefixes.get(prefixId) ?? this.fresh(prefixTokens / BLOCK_TOKENS);
    this.prefixes.set(prefixId, shared);
    return [...shared, ...this.fresh(Math.ceil(promptTokens / BLOCK_TOKENS) - shared.length)];
  }

  private fresh(count: number): ReadonlyArray<number> {
    return Array.from({ length: count }, () => this.last++);
  }
}

const linesOf = (): ReadonlyArray<string> => {
  const arrivals = new OpenArrivals(CHAT, new Streams(SEED));
  const names = new BlockNames();
  const lines: Array<string> = [];
  for (let atMs = arrivals.next(); atMs < LENGTH_MS; atMs = arrivals.next()) {
    const { promptTokens, outputTokens, prefixId, prefixTokens } = arrivals.draft;
    const blockHashes = names.of(prefixId, prefixTokens, promptTokens);
    lines.push(
      JSON.stringify({
        atMs: Math.round(atMs * 1000) / 1000,
        promptTokens,
        outputTokens,
        blockHashes,
      }),
    );
  }
  return lines;
};

const lines = linesOf();
const file = new URL("synthetic.jsonl.gz", import.meta.url);
const bytes = gzipSync(`${lines.join("\n")}\n`, { level: 9 });
writeFileSync(file, bytes);
process.stdout.write(`${lines.length} requests, ${bytes.length} bytes\n`);
