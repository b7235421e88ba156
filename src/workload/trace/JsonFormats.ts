import { toTokens } from "../SamplerOf.ts";
import { JsonRecord } from "./JsonRecord.ts";
import type { RowParser, TraceRow } from "./TraceRow.ts";

/** Prompt tokens per hash id of a Mooncake trace. */
const MOONCAKE_BLOCK_TOKENS = 512;

/**
 * Mooncake: `timestamp` (ms), `input_length`, `output_length`, `hash_ids` (one per 512 tokens of the prompt, the last
 * block maybe partial; may be absent). Stamps that lie on a grid are spread over its steps.
 *
 * Source: github.com/kvcache-ai/Mooncake at 3b5a594, FAST25-release/traces.
 */
export class MooncakeParser implements RowParser {
  readonly timed = true;
  readonly quantised = true;

  parse(text: string, line: number): TraceRow {
    const record = new JsonRecord(text);
    const promptTokens = record.number("input_length");
    const blockHashes = record.ids("hash_ids", Math.ceil(toTokens(promptTokens) / MOONCAKE_BLOCK_TOKENS));
    return {
      atMs: record.number("timestamp"),
      promptTokens,
      outputTokens: record.number("output_length"),
      blockHashes,
      blockTokens: blockHashes === undefined ? 0 : MOONCAKE_BLOCK_TOKENS,
      usable: true,
      line,
    };
  }
}

/** Tokens per block hash of our own format, unless a row says `blockTokens`. */
const OWN_BLOCK_TOKENS = 16;

/** Our own: `{"atMs", "promptTokens", "outputTokens"}` with `"blockHashes"`, `"blockTokens"` (16) and `"class"` where wanted. Rows of other classes are left out. */
export class SpillwayParser implements RowParser {
  readonly timed = true;
  readonly quantised = false;
  declare private readonly className: string;

  constructor(className: string) {
    this.className = className;
  }

  parse(text: string, line: number): TraceRow {
    const record = new JsonRecord(text);
    const promptTokens = record.number("promptTokens");
    const blockTokens = record.has("blockTokens") ? record.number("blockTokens") : OWN_BLOCK_TOKENS;
    if (!(Number.isInteger(blockTokens) && blockTokens >= 1)) throw record.fault("blockTokens", "must be an integer >= 1");
    const blockHashes = record.ids("blockHashes", Math.ceil(toTokens(promptTokens) / blockTokens));
    return {
      atMs: record.number("atMs"),
      promptTokens,
      outputTokens: record.number("outputTokens"),
      blockHashes,
      blockTokens: blockHashes === undefined ? 0 : blockTokens,
      usable: !record.has("class") || record.get("class") === this.className,
      line,
    };
  }
}

/** Requests of a vLLM benchmark: `input_toks`, `output_toks` and `arrival_time` (s) or `arrival_time_ns`. */
export class VllmRequestsParser implements RowParser {
  readonly timed = true;
  readonly quantised = false;

  parse(text: string, line: number): TraceRow {
    const record = new JsonRecord(text);
    const inNanoseconds = record.has("arrival_time_ns");
    const atMs = inNanoseconds ? record.number("arrival_time_ns") / 1e6 : record.number("arrival_time") * 1000;
    const promptTokens = record.number("input_toks");
    return rowOf({
      atMs,
      promptTokens,
      outputTokens: record.number("output_toks"),
      usable: true,
      line,
    });
  }
}

/** Characters per token. Assumed: the usual rule of thumb for English; files of conversations hold no token counts. */
const CHARACTERS_PER_TOKEN = 4;

const UNTIMED_GAP_MS = 1000;

/**
 * ShareGPT conversations: the first message is the prompt, the second the answer, as in vLLM's benchmark; conversations
 * with fewer messages are left out. Token counts are estimates, at four characters per token. There are no times: they come
 * from the arrivals of the class, or conversation n starts at n seconds.
 *
 * Source: vllm-project/vllm, benchmarks, ShareGPTDataset.
 */
export class ShareGptParser implements RowParser {
  readonly timed = false;
  readonly quantised = false;
  private usableRows = 0;

  parse(text: string, line: number): TraceRow {
    const record = new JsonRecord(text);
    const messages = record.get("conversations");
    if (!Array.isArray(messages)) throw record.fault("conversations", "must be a list of messages");
    const usable = messages.length >= 2;
    const atMs = this.usableRows * UNTIMED_GAP_MS;
    if (usable) this.usableRows++;
    const tokens = (index: number): number => (usable ? estimate(record, messages[index], index) : 1);
    return rowOf({ atMs, promptTokens: tokens(0), outputTokens: tokens(1), usable, line });
  }
}

const estimate = (record: JsonRecord, message: unknown, index: number): number => {
  const text: unknown = typeof message === "object" && message !== null && "value" in message ? message.value : undefined;
  if (typeof text !== "string") throw record.fault("conversations", `message ${index} must have a text "value"`);
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
};

const rowOf = (parts: Omit<TraceRow, "blockHashes" | "blockTokens">): TraceRow => ({
  ...parts,
  blockHashes: undefined,
  blockTokens: 0,
});
