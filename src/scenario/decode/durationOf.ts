import { DURATION, parseDuration } from "../../units/Duration.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";

/** A duration in ms: `otherwise` where the member is absent, NaN where it is not sound. */
export const durationOf = <H extends object, K extends keyof H & string>(
  decoding: Decoding,
  at: At<H>,
  key: K,
  otherwise: string,
  bounds: Bounds = {},
): number =>
  decoding.number(at, key, parseDuration(otherwise) as number, (written) => decoding.quantity(DURATION, written as At<string>, bounds));
