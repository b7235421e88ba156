import type { Contents } from "./Contents.ts";
import * as Fields from "./Fields.ts";

const { CONTENT_KEY, OUTPUT_TOKENS, PREFIX_KEY, PREFIX_TOKENS, PROMPT_TOKENS, STREAM_KEY, TRACE_BLOCK_TOKENS } = Fields;

/** Copies lengths and names of content from a request to its attempt, or from an attempt to its twin. */
export const copyContent = (from: Contents, original: number, to: Contents, copy: number): void => {
  const { ints, doubles } = from;
  const { ints: intsTo, doubles: doublesTo } = to;
  intsTo[copy | PROMPT_TOKENS] = ints[original | PROMPT_TOKENS]!;
  intsTo[copy | OUTPUT_TOKENS] = ints[original | OUTPUT_TOKENS]!;
  intsTo[copy | PREFIX_TOKENS] = ints[original | PREFIX_TOKENS]!;
  intsTo[copy | TRACE_BLOCK_TOKENS] = ints[original | TRACE_BLOCK_TOKENS]!;
  doublesTo[copy | STREAM_KEY] = doubles[original | STREAM_KEY]!;
  doublesTo[copy | CONTENT_KEY] = doubles[original | CONTENT_KEY]!;
  doublesTo[copy | PREFIX_KEY] = doubles[original | PREFIX_KEY]!;
  to.traceKeys.set(copy, from.traceKeys.get(original));
};
