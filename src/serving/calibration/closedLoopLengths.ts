import type { ClosedLoopLoad } from "./ClosedLoopLoad.ts";

const DEFAULT_ROUNDS = 10;
/** Fractional part of the golden ratio: its multiples modulo 1 fill the interval evenly. */
const GOLDEN = 0.6180339887498949;
const SILVER = 0.4142135623730951;

/** Tokens of all requests of a closed loop, in the order in which they are sent: at least one of each. */
export const closedLoopLengths = (load: ClosedLoopLoad): { readonly inputs: Int32Array; readonly outputs: Int32Array } => {
  const total = Math.max(1, Math.round(load.concurrency * (load.rounds ?? DEFAULT_ROUNDS)));
  const spread = load.spreadRatio ?? 0;
  const lengths = (nominal: number, ratio: number): Int32Array =>
    Int32Array.from({ length: total }, (_, i) => Math.max(1, Math.round(nominal * (1 - spread * (((i + 1) * ratio) % 1)))));
  return { inputs: lengths(load.inputTokens, GOLDEN), outputs: lengths(load.outputTokens, SILVER) };
};
