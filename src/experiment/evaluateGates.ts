import type { GateResult, Result } from "../metric/Result.ts";
import type { Gate, Operator } from "./Gate.ts";
import type { Judged, Measured } from "./GateMetric.ts";
import { CLASS_METRICS, POOL_METRICS, RUN_METRICS } from "./GateMetric.ts";
import { showApartFrom, showBound } from "./showQuantity.ts";

/** Judges each gate by the point estimates of a run. The verdict is fail if one gate fails, else inconclusive if one has nothing to go by, else pass; none without gates. */
export const evaluateGates = (
  gates: ReadonlyArray<Gate>,
  run: Judged,
): { readonly gates: ReadonlyArray<GateResult>; readonly verdict: Result["verdict"] } => {
  const results = gates.map((gate) => evaluateGate(gate, run));
  return { gates: results, verdict: verdictOf(results) };
};

/** Judges one gate. Without a sample it is inconclusive, whatever its operator: no evidence never passes. */
export const evaluateGate = (gate: Gate, run: Judged): GateResult => {
  const { value, evidence } = measure(gate, run);
  const { expression } = gate;
  if (value === null || !Number.isFinite(value)) {
    return {
      expression,
      value: null,
      verdict: "inconclusive",
      reason: `not measured: ${value === null ? evidence : `${value} ${evidence}`}`,
    };
  }
  const holds = HOLDS[gate.operator](value, gate.bound);
  return {
    expression,
    value,
    verdict: holds ? "pass" : "fail",
    reason: `${inWords(gate, value)}, ${evidence}`,
  };
};

const verdictOf = (results: ReadonlyArray<GateResult>): Result["verdict"] => {
  if (results.length === 0) return "none";
  if (results.some(({ verdict }) => verdict === "fail")) return "fail";
  return results.some(({ verdict }) => verdict === "inconclusive") ? "inconclusive" : "pass";
};

const HOLDS: { readonly [O in Operator]: (value: number, bound: number) => boolean } = {
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
  "==": (value, bound) => value === bound,
  "!=": (value, bound) => value !== bound,
};

/** `1.84s, below 2s`: true of the two numbers, whatever the gate asked for. */
const inWords = (gate: Gate, value: number): string => {
  const relation = value < gate.bound ? "below" : value > gate.bound ? "above" : "exactly";
  if (relation === "exactly") return `exactly ${showBound(value, gate.unit)}`;
  return `${showApartFrom(value, gate.bound, gate.unit)}, ${relation} ${showBound(gate.bound, gate.unit)}`;
};

const measure = (gate: Gate, run: Judged): Measured => {
  const { subject } = gate;
  switch (subject.scope) {
    case "run":
      return find(RUN_METRICS, subject.metric).read(run);
    case "class": {
      const of = run.classes.find(({ name }) => name === subject.name);
      return of === undefined ? absent(`class "${subject.name}"`) : find(CLASS_METRICS, subject.metric).read(of);
    }
    case "pool": {
      const pool = run.pools.find(({ name }) => name === subject.name);
      return pool === undefined ? absent(`pool "${subject.name}"`) : find(POOL_METRICS, subject.metric).read({ pool, run });
    }
  }
};

const absent = (what: string): Measured => ({ value: null, evidence: `the result has no ${what}` });

const find = <Metric extends { readonly path: string }>(metrics: ReadonlyArray<Metric>, path: string): Metric => {
  const metric = metrics.find((known) => known.path === path);
  if (metric === undefined) throw new RangeError(`no metric ${path}: a gate comes from parseGate`);
  return metric;
};
