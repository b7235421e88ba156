import fc from "fast-check";

export interface Call {
  readonly gapMs: number;
  readonly cost: number;
}

/** Gaps at -1, 0 and +1 ms of the thresholds, at the resolution of the clock, and anywhere; now and then a day. */
export function calls(thresholdsMs: ReadonlyArray<number>, maxCost: number): fc.Arbitrary<Array<Call>> {
  const edges = thresholdsMs.flatMap((at) => [at - 1, at - 0.001, at, at + 0.001, at + 1]).filter((gap) => gap >= 0);
  const gapMs = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(...edges) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 3_000_000 }).map((us) => us / 1000) },
    { weight: 1, arbitrary: fc.constantFrom(86_400_000, 30 * 86_400_000) },
  );
  return fc.array(fc.record({ gapMs, cost: fc.integer({ min: 1, max: maxCost }) }), { minLength: 6, maxLength: 40, size: "max" });
}

/** Exact sum of instants on the microsecond grid. */
export function addMs(nowMs: number, gapMs: number): number {
  return (Math.round(nowMs * 1000) + Math.round(gapMs * 1000)) / 1000;
}
