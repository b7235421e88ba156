import type { BrownoutSpec, DegradedAnswer, DegradedLevel } from "../../serving/stage/BrownoutSpec.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { SHARE } from "../../units/Share.ts";
import { suggest } from "../check/nearest.ts";
import type { Brownout } from "../schema/Brownout.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";

type Input = typeof Brownout.Type;
type LevelInput = Input["levels"][number];
type Threshold = LevelInput["enterAt"];

/** What a brownout may make use of. */
export interface BrownoutSurroundings {
  readonly hasQueue: boolean;
  readonly hasCache: boolean;
  readonly fleet: ReadonlyArray<PoolSpec>;
}

/** Turns cheaper answers under load into numbers. */
export const decodeBrownout = (decoding: Decoding, at: At<Input>, around: BrownoutSurroundings): BrownoutSpec => {
  const { brownout: absent } = DEFAULTS;
  const signal = at.value.signal ?? absent.signal;
  if (signal !== "inFlight" && !around.hasQueue) {
    const hint = "only a queue can wait: add gateway.queue, or use inFlight";
    decoding.reject({ path: [...at.path, "signal"], constraint: "must be together with gateway.queue", value: signal, hint });
  }
  const cannedTokens = decoding.number(at, "cannedTokens", absent.cannedTokens, (written) =>
    decoding.quantity(TOKENS, written, { minimum: 1, maximum: 1e6, whole: true }),
  );
  const levels =
    decoding.field(at, "levels", (written) =>
      decoding.list(written, (level): DegradedLevel => {
        const enterAt = decodeThreshold(decoding, { value: level.value.enterAt, path: [...level.path, "enterAt"] }, signal);
        return {
          answer: decodeAnswer(decoding, { value: level.value.answer, path: [...level.path, "answer"] }, { ...around, cannedTokens }),
          enterAt,
          leaveBelow: decoding.field(level, "leaveBelow", (left) => decodeThreshold(decoding, left, signal)) ?? enterAt / 2,
        };
      }),
    ) ?? [];
  levels.forEach((level, i) => checkOrder(decoding, level, levels[i - 1], [...at.path, "levels", i]));
  const minimumDwellMs = durationOf(decoding, at, "minimumDwell", absent.minimumDwell);
  return { signal, levels, minimumDwellMs };
};

const decodeThreshold = (decoding: Decoding, { value, path }: At<Threshold>, signal: BrownoutSpec["signal"]): number => {
  if (signal === "queueWait" && typeof value === "string") return decoding.quantity(DURATION, { value, path });
  if (signal !== "queueWait" && typeof value === "number") return value;
  const constraint = signal === "queueWait" ? 'must be a time, as "2s",' : "must be a number of attempts";
  decoding.reject({ path, constraint, value, hint: `the signal is ${signal}` });
  return NaN;
};

const decodeAnswer = (
  decoding: Decoding,
  { value, path }: At<LevelInput["answer"]>,
  around: BrownoutSurroundings & { readonly cannedTokens: number },
): DegradedAnswer => {
  if (value === "canned") return { kind: "canned", tokens: around.cannedTokens };
  if (value === "cached") {
    if (!around.hasCache)
      decoding.reject({ path, constraint: "must be together with gateway.cache", value, hint: 'or answer with "canned"' });
    return { kind: "cached" };
  }
  if ("shorter" in value) {
    const written = { value: value.shorter, path: [...path, "shorter"] };
    return { kind: "shorter", outputRatio: decoding.quantity(SHARE, written, { above: 0 }) };
  }
  checkPool(decoding, { value: value.smallerModel, path: [...path, "smallerModel"] }, around.fleet);
  return { kind: "smallerModel", pool: value.smallerModel };
};

const checkPool = (decoding: Decoding, { value, path }: At<string>, fleet: ReadonlyArray<PoolSpec>): void => {
  const names = fleet.map(({ name }) => name);
  if (!names.includes(value)) {
    decoding.reject({ path, constraint: "must be a pool of the fleet", value, hint: suggest(value, names) });
  } else if (names.length < 2) {
    const hint = "it is kept for cheaper answers, and nobody is left for the others";
    decoding.reject({ path, constraint: "must not be the only pool", value, hint });
  }
};

const checkOrder = (decoding: Decoding, level: DegradedLevel, milder: DegradedLevel | undefined, path: At<Input>["path"]): void => {
  if (milder !== undefined && level.enterAt <= milder.enterAt) {
    const constraint = "must be above that of the level before";
    decoding.reject({ path: [...path, "enterAt"], constraint, value: level.enterAt });
  }
  const least = milder?.leaveBelow ?? 0;
  if (level.leaveBelow > level.enterAt || level.leaveBelow < least) {
    const constraint = `must be at most enterAt${milder === undefined ? "" : " and at least that of the level before"}`;
    decoding.reject({ path: [...path, "leaveBelow"], constraint, value: level.leaveBelow });
  }
};
