import type { TokenContent } from "../../src/serving/engine/TokenContent.ts";
import { mixKey } from "../../src/serving/engine/TokenContent.ts";

/** A whole number below its argument. */
export type Dice = (below: number) => number;

export const dice = (seed: number): Dice => {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * below);
  };
};

/** Contents of a few prefixes, conversations and trees of recorded names, so that they share beginnings and part at any depth. */
export const randomContents = (int: Dice): Array<TokenContent> => contentsOf(int, chained(int));

/** The same with names that may stand anywhere and after anything, as no trace should have them. */
export const unchainedContents = (int: Dice): Array<TokenContent> => contentsOf(int, unchained(int));

type Names = (count: number, nameTokens: number) => Float64Array;

const contentsOf = (int: Dice, names: Names): Array<TokenContent> => {
  const lengths = [1, 3, 8, 32].slice(int(4)).slice(0, 1 + int(2));
  return Array.from({ length: 3 + int(10) }, () => {
    const promptTokens = 1 + int(120);
    const traceBlockTokens = lengths[int(lengths.length)]!;
    // Some prompts have names for a part only, some for more than they are long.
    const count = Math.max(0, Math.ceil(promptTokens / traceBlockTokens) + (int(4) === 0 ? int(7) - 3 : 0));
    return {
      promptTokens,
      prefixKey: 1 + int(2),
      prefixTokens: int(2) * int(40),
      traceKeys: int(4) > 0 ? names(count, traceBlockTokens) : undefined,
      traceBlockTokens,
      // Now and then what follows has the name of the prefix.
      streamKey: int(8) === 0 ? 1 : 2 ** 40 + int(4),
    };
  });
};

/** Names that say all that comes before them: each follows from the one before it and a branch, which is mostly the same. */
const chained = (int: Dice): Names => {
  const branchings = 2 + int(20);
  return (count, nameTokens) => {
    let name = 100 + nameTokens;
    return Float64Array.from({ length: count }, () => (name = mixKey(name, int(branchings) === 0 ? 1 : 0)));
  };
};

const unchained =
  (int: Dice): Names =>
  (count) => {
    const distinct = 1 + int(50);
    return Float64Array.from({ length: count }, (_, i) => (int(3) === 0 ? int(distinct) : i));
  };
