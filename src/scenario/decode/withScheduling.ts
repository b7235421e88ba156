import type { OffloadSpec, SchedulingSpec, SpeculativeSpec, SwapSpec } from "../../serving/SchedulingSpec.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { BANDWIDTH } from "../../units/Bandwidth.ts";
import { BYTES } from "../../units/Bytes.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { SHARE } from "../../units/Share.ts";
import type { Pool } from "../schema/Fleet.ts";
import { SchedulingFields } from "../schema/Scheduling.ts";
import type { At, Bounds, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type PoolInput = typeof Pool.Type;
type EngineInput = NonNullable<PoolInput["engine"]>;

const WHOLE: Bounds = { minimum: 1, maximum: 2 ** 30, whole: true };
const SECOND_MS = 1000;
/** Token budget without chunked prefill. Source: vLLM 0.10 `SchedulerConfig`: max(max_model_len, 2048). */
const UNCHUNKED_BUDGET = 2048;

/** Adds what the engine schedules differently from vLLM V1's defaults; a pool that says nothing of it stays as it is. */
export const withScheduling = (decoding: Decoding, at: At<PoolInput>, pool: PoolSpec): PoolSpec => {
  const scheduling = decodeScheduling(decoding, at, pool);
  if (scheduling === undefined) return pool;
  const whole = scheduling.chunkedPrefill === false || (scheduling.scheduler ?? "continuous") !== "continuous";
  if (!whole) return { ...pool, engine: { ...pool.engine, scheduling } };
  const longest = pool.engine.maxModelTokens;
  const written = Object.hasOwn(at.value.engine ?? {}, "maxBatchedTokens");
  const maxBatchedTokens = written ? pool.engine.maxBatchedTokens : Math.max(longest, UNCHUNKED_BUDGET, pool.engine.maxSequences);
  const cut = maxBatchedTokens < longest;
  const warning = `without chunked prefill no sequence is longer than maxBatchedTokens, ${maxBatchedTokens} (the model holds ${longest})`;
  return {
    ...pool,
    engine: { ...pool.engine, maxBatchedTokens, scheduling },
    warnings: cut ? [...pool.warnings, warning] : pool.warnings,
  };
};

const decodeScheduling = (decoding: Decoding, at: At<PoolInput>, pool: PoolSpec): SchedulingSpec | undefined => {
  const engine: At<EngineInput> = { value: at.value.engine ?? {}, path: [...at.path, "engine"] };
  const { pp = 1, dp = 1 } = at.value.parallelism ?? {};
  const has = (key: keyof typeof SchedulingFields): boolean => Object.hasOwn(engine.value, key);
  rejectIdle(decoding, engine, { stageTransfer: pp > 1, dataParallelBalance: dp > 1 });
  const chosen = (Object.keys(SchedulingFields) as Array<keyof typeof SchedulingFields>).some(
    (key) => key !== "kvBytesPerToken" && has(key),
  );
  if (!chosen && pp === 1 && dp === 1) return undefined;
  const { scheduler, order, chunkedPrefill, dataParallelBalance } = engine.value;
  const whole = (key: "maxPartialPrefills" | "maxLongPartialPrefills"): number | undefined =>
    decoding.field(engine, key, (written) => decoding.quantity(COUNT, written, WHOLE));
  return present({
    scheduler,
    order,
    chunkedPrefill,
    longPrefillThreshold: decoding.field(engine, "longPrefillThreshold", (written) => decoding.quantity(TOKENS, written, WHOLE)),
    maxPartialPrefills: whole("maxPartialPrefills"),
    maxLongPartialPrefills: whole("maxLongPartialPrefills"),
    watermarkRatio: decoding.field(engine, "kvWatermark", (written) => decoding.quantity(SHARE, written, { maximum: 0.9 })),
    swap: decoding.field(engine, "preemption", (preemption) => decodeSwap(decoding, engine, preemption, pool)),
    speculative: decoding.field(engine, "speculative", (speculative) => decodeSpeculative(decoding, speculative)),
    offload: decoding.field(engine, "offload", (offload) => decodeOffload(decoding, engine, offload, pool)),
    pipeline:
      pp > 1
        ? {
            stages: pp,
            transferMs: decoding.field(engine, "stageTransfer", (written) => decoding.quantity(DURATION, written)) ?? 0,
          }
        : undefined,
    dataParallel: dp > 1 ? present({ ranks: dp, balance: dataParallelBalance }) : undefined,
  });
};

const rejectIdle = (
  decoding: Decoding,
  at: At<EngineInput>,
  of: { readonly stageTransfer: boolean; readonly dataParallelBalance: boolean },
): void => {
  for (const [key, needs] of [
    ["stageTransfer", "pp"],
    ["dataParallelBalance", "dp"],
  ] as const) {
    if (of[key] || !Object.hasOwn(at.value, key)) continue;
    decoding.reject({
      path: [...at.path, key],
      constraint: `needs parallelism.${needs} above 1`,
      hint: `add parallelism: { ${needs}: 2 } to the pool, or leave it out`,
      part: "key",
    });
  }
};

type Preemption = NonNullable<EngineInput["preemption"]>;

const decodeSwap = (decoding: Decoding, engine: At<EngineInput>, at: At<Preemption>, pool: PoolSpec): SwapSpec | undefined =>
  decoding.field(at, "swap", (swap) => {
    const bytes = bytesPerToken(decoding, engine, pool);
    const perSecond = decoding.field(swap, "bandwidth", (written) => decoding.quantity(BANDWIDTH, written, { above: 0 })) ?? NaN;
    const space = decoding.field(swap, "space", (written) => decoding.quantity(BYTES, written)) ?? NaN;
    return { msPerToken: (bytes / perSecond) * SECOND_MS, capacityTokens: Math.floor(space / bytes) };
  });

const decodeOffload = (
  decoding: Decoding,
  engine: At<EngineInput>,
  at: At<NonNullable<EngineInput["offload"]>>,
  pool: PoolSpec,
): OffloadSpec => {
  const bytes = bytesPerToken(decoding, engine, pool);
  const perSecond = decoding.field(at, "bandwidth", (written) => decoding.quantity(BANDWIDTH, written, { above: 0 })) ?? NaN;
  const capacity = decoding.field(at, "capacity", (written) => decoding.quantity(BYTES, written, { above: 0 })) ?? NaN;
  if (!pool.engine.prefixCache) {
    decoding.reject({
      path: at.path,
      constraint: "needs prefixCache",
      hint: "it is the prefix cache's second tier: set prefixCache: true",
    });
  }
  return {
    capacityTokens: Math.floor(capacity / bytes),
    msPerToken: (bytes / perSecond) * SECOND_MS,
    latencyMs: decoding.field(at, "latency", (written) => decoding.quantity(DURATION, written)) ?? 0,
  };
};

/** As written, else the model's; a fault where neither is known. */
const bytesPerToken = (decoding: Decoding, at: At<EngineInput>, pool: PoolSpec): number => {
  const written = decoding.field(at, "kvBytesPerToken", (bytes) => decoding.quantity(BYTES, bytes, { above: 0 }));
  const known = written ?? pool.knownModel?.kvBytesPerToken;
  if (known !== undefined) return known;
  decoding.reject({
    path: [...at.path, "kvBytesPerToken"],
    constraint: "is missing",
    hint: `the catalog does not know ${pool.model}: write the KV bytes of one token, as "128KiB"`,
  });
  return NaN;
};

const decodeSpeculative = (decoding: Decoding, at: At<NonNullable<EngineInput["speculative"]>>): SpeculativeSpec => {
  const share = (written: At<number | string>): number => decoding.quantity(SHARE, written);
  const byClass = decoding.field(at, "acceptanceByClass", ({ value, path }) =>
    Object.fromEntries(Object.entries(value).map(([name, written]) => [name, share({ value: written, path: [...path, name] })])),
  );
  const draft = at.value.draft as { readonly time?: string; readonly share?: number | string } | undefined;
  const path = [...at.path, "draft"];
  return present({
    tokens: at.value.tokens,
    acceptanceRatio: decoding.field(at, "acceptance", share) ?? NaN,
    acceptanceByClass: byClass,
    draftMs: draft?.time === undefined ? undefined : decoding.quantity(DURATION, { value: draft.time, path: [...path, "time"] }),
    draftRatio: draft?.share === undefined ? undefined : share({ value: draft.share, path: [...path, "share"] }),
  });
};
