import { showCount, showDuration, showNumber } from "../../experiment/showQuantity.ts";
import type { Result } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line, Span } from "./Line.ts";
import { flow, span, spread, wrapWords } from "./Line.ts";

/** What ran and how it ended: name, verdict, description, seed, digest, simulated span, requests. */
export const headerSection = (result: Result, width: number): ReadonlyArray<Line> => {
  const title: Line = [span("spillway", "faint"), span("  "), span(printable(result.scenario.name), "strong")];
  const description = printable(result.scenario.description ?? "");
  return [
    spread(title, badges(result), width),
    ...(description === "" ? [] : wrapWords({ head: [], text: description, style: "plain", width })),
    ...flow({ head: [], items: facts(result), gap: 3, width }),
  ];
};

const BADGES: { readonly [V in Result["verdict"]]: Span } = {
  pass: span(" ✓ PASS ", "goodBadge"),
  fail: span(" ✗ FAIL ", "badBadge"),
  inconclusive: span(" ? INCONCLUSIVE ", "fairBadge"),
  none: span("no gates", "faint"),
};

const badges = (result: Result): Line =>
  result.interrupted ? [span(" INTERRUPTED ", "fairBadge"), span(" "), BADGES[result.verdict]] : [BADGES[result.verdict]];

const facts = (result: Result): ReadonlyArray<Line> => {
  const { engine } = result;
  return [
    fact("seed", String(result.seed)),
    fact("digest", printable(result.scenario.digest).slice(0, 12)),
    ...(result.replications > 1 ? [fact("replications", showCount(result.replications))] : []),
    fact("simulated", simulated(result)),
    fact("requests", showNumber(engine.requests)),
    ...(engine.attempts === engine.requests ? [] : [fact("attempts", showNumber(engine.attempts))]),
    fact("engine steps", showNumber(engine.steps)),
    fact("events", showNumber(engine.events)),
    ...traceFacts(result),
  ];
};

const fact = (label: string, value: string): Line => [span(`${label} `, "faint"), span(value)];

const simulated = ({ simulatedMs, horizonMs, warmupMs, interrupted }: Result): string => {
  const of = interrupted ? ` of ${showDuration(horizonMs)}` : "";
  return `${showDuration(simulatedMs)}${of}${warmupMs > 0 ? ` (first ${showDuration(warmupMs)} warm-up)` : ""}`;
};

const traceFacts = ({ trace }: Result): ReadonlyArray<Line> => {
  if (trace === undefined) return [];
  const rows = fact("trace rows", showNumber(trace.rows));
  return trace.skippedRows === 0 ? [rows] : [rows, [span(`${showNumber(trace.skippedRows)} bad rows skipped`, "fair")]];
};
