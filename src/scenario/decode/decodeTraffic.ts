import type { LongTailSpec, PrefixSpec, RepeatSpec, SamplerSpec, SessionSpec, TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { TOKENS } from "../../units/Count.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { TrafficClass } from "../schema/Traffic.ts";
import { decodeArrivals, decodeSpike } from "./decodeArrivals.ts";
import { decodeClient, decodeSlo } from "./decodeClient.ts";
import { decodeDistribution, DURATIONS, LENGTHS, TURNS } from "./decodeDistribution.ts";
import { decodeTrace } from "./decodeTrace.ts";
import type { TraceFiles } from "./decodeTrace.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type ClassInput = typeof TrafficClass.Type;

/** Stands for the lengths of a class whose trace holds them. */
const FROM_TRACE: SamplerSpec = { kind: "fixed", value: 1 };

/** Turns a written traffic class into numbers. */
export const decodeTraffic = (decoding: Decoding, at: At<ClassInput>, name: string, files: TraceFiles): TrafficClassSpec => {
  checkCombination(decoding, at);
  const { value } = at;
  const lengths = (key: "prompt" | "output") =>
    decoding.field(at, key, (length) => decodeDistribution(decoding, length, LENGTHS)) ?? FROM_TRACE;
  return present({
    name,
    arrivals: decoding.field(at, "arrivals", (arrivals) => decodeArrivals(decoding, arrivals)),
    trace: decoding.field(at, "trace", (trace) => decodeTrace(decoding, trace, files)),
    spikes: decoding.field(at, "spikes", (spikes) => decoding.list(spikes, (spike) => decodeSpike(decoding, spike))) ?? [],
    prompt: lengths("prompt"),
    output: lengths("output"),
    longTail: decoding.group(at, "longTail", (longTail) => decodeLongTail(decoding, longTail)),
    session: decoding.field(at, "session", (session) => decodeSession(decoding, session)),
    prefix: decoding.field(at, "prefix", (prefix) => decodePrefix(decoding, prefix)),
    repeat: decoding.group(at, "repeat", (repeat) => decodeRepeat(decoding, repeat)),
    priority: value.priority ?? DEFAULTS.priority,
    weight: value.weight ?? DEFAULTS.weight,
    tenant: value.tenant ?? DEFAULTS.tenant,
    slo: decoding.group(at, "slo", (slo) => decodeSlo(decoding, slo)) ?? {},
    client: decoding.group(at, "client", (client) => decodeClient(decoding, client)) ?? {},
  });
};

const decodeLongTail = (decoding: Decoding, at: At<NonNullable<ClassInput["longTail"]>>): LongTailSpec => {
  const lengths = (key: "prompt" | "output") => decoding.field(at, key, (length) => decodeDistribution(decoding, length, LENGTHS));
  if (at.value.prompt === undefined && at.value.output === undefined) {
    decoding.reject({
      path: at.path,
      constraint: "must have prompt or output",
      hint: 'as { share: "2%", output: "16k" }',
      part: "key",
    });
  }
  const shareRatio = decoding.field(at, "share", (share) => decoding.quantity(SHARE, share)) ?? 0;
  return present({ shareRatio, prompt: lengths("prompt"), output: lengths("output") });
};

const decodeSession = (decoding: Decoding, at: At<NonNullable<ClassInput["session"]>>): SessionSpec => {
  const maxContext = {
    value: at.value.maxContext ?? DEFAULTS.maxContext,
    path: [...at.path, "maxContext"],
  };
  return {
    turns: decodeDistribution(decoding, { value: at.value.turns, path: [...at.path, "turns"] }, TURNS),
    think: decodeDistribution(decoding, { value: at.value.think, path: [...at.path, "think"] }, DURATIONS),
    maxContextTokens: decoding.quantity(TOKENS, maxContext, { minimum: 1, whole: true }),
  };
};

const decodePrefix = (decoding: Decoding, at: At<NonNullable<ClassInput["prefix"]>>): PrefixSpec => ({
  count: at.value.count,
  tokens: decoding.quantity(TOKENS, { value: at.value.tokens, path: [...at.path, "tokens"] }, { minimum: 1, whole: true }),
  zipf: at.value.zipf ?? DEFAULTS.zipf,
});

const decodeRepeat = (decoding: Decoding, at: At<NonNullable<ClassInput["repeat"]>>): RepeatSpec => ({
  shareRatio: decoding.field(at, "share", (share) => decoding.quantity(SHARE, share)) ?? 0,
  contents: at.value.contents,
  zipf: at.value.zipf ?? DEFAULTS.zipf,
});

/** What a class may not have together, and what it needs. */
const checkCombination = (decoding: Decoding, at: At<ClassInput>): void => {
  const has = (key: keyof ClassInput): boolean => Object.hasOwn(at.value, key);
  const refuse = (key: keyof ClassInput, constraint: string, hint: string) =>
    decoding.reject({ path: [...at.path, key], constraint, hint, part: "key" });
  const closed = at.value.arrivals?.closed !== undefined;
  if (has("arrivals") && has("trace"))
    refuse("trace", "must not be together with arrivals", "a class has arrivals or a trace; --set PATH=null removes a key");
  if (!has("arrivals") && !has("trace")) {
    decoding.reject({
      path: at.path,
      constraint: "must have arrivals or trace",
      hint: 'as arrivals: { poisson: { rate: "40/s" } }',
      part: "key",
    });
  }
  for (const key of ["prompt", "output"] as const) {
    if (has("arrivals") && !has(key)) {
      decoding.reject({
        path: [...at.path, key],
        constraint: "is missing",
        hint: `tokens of the ${key}, as 512 or { lognormal: { mean: 500, p99: "4k" } }`,
      });
    } else if (has("trace") && !has("arrivals") && has(key)) refuse(key, "must not be together with trace", "the trace holds the lengths");
  }
  if (has("repeat") && has("trace") && !has("arrivals"))
    refuse("repeat", "must not be together with trace", "a trace says what each request is");
  if (has("repeat") && has("session")) refuse("repeat", "must not be together with session", "the turns of a conversation are its own");
  for (const key of ["spikes", "session"] as const) {
    if (!has(key) || !decoding.isSound([...at.path, "arrivals"])) continue;
    if (closed) refuse(key, "must not be together with closed arrivals", CLOSED_HINTS[key]);
    else if (has("trace") && !has("arrivals")) refuse(key, "must not be together with trace", TRACE_HINTS[key]);
  }
};

const CLOSED_HINTS = {
  spikes: "a closed loop has no rate to raise: add users, or use open-loop arrivals such as poisson",
  session: "users of a closed loop think between requests already: use open-loop arrivals such as poisson, each starts a session",
};

const TRACE_HINTS = {
  spikes: "use rateScale of the trace, or a second class with arrivals",
  session: "a trace holds each request of its sessions",
};
