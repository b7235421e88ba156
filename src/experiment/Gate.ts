import { parseBound } from "./GateBound.ts";
import { CLASS_METRICS, metricNames, POOL_METRICS, RUN_METRICS } from "./GateMetric.ts";
import { nearest } from "./nearest.ts";
import type { Unit } from "./showQuantity.ts";

export { metricNames };

export type Operator = "<" | "<=" | ">" | ">=" | "==" | "!=";
export const OPERATORS: ReadonlyArray<Operator> = ["<", "<=", ">", ">=", "==", "!="];

/** Whose metric a gate bounds; `metric` is the path below the scope, such as `ttft.p99`. */
export type GateSubject =
  | { readonly scope: "class"; readonly name: string; readonly metric: string }
  | { readonly scope: "pool"; readonly name: string; readonly metric: string }
  | { readonly scope: "run"; readonly metric: string };

/** A condition that a release must meet: `chat.ttft.p99 < 2s`. */
export interface Gate {
  /** As written, without the spaces around it. */
  readonly expression: string;
  readonly subject: GateSubject;
  readonly operator: Operator;
  /** In `unit`: ms, a share in 0..1, per second, US dollars or a plain number. */
  readonly bound: number;
  readonly unit: Unit;
}

/** What is wrong with the text of a gate. */
export interface GateFault {
  /** Of the wrong part in the text, from 1. */
  readonly column: number;
  /** What must hold, as in "must be a known metric". */
  readonly constraint: string;
  /** The wrong part. */
  readonly value: string;
  /** What to write instead. */
  readonly hint: string;
}

/** Tells the two results of `parseGate` apart. */
export const isGateFault = (parsed: Gate | GateFault): parsed is GateFault => "constraint" in parsed;

/** Reads `[<class>.|fleet.<pool>.]METRIC OPERATOR BOUND`; METRIC is one of `metricNames`. Whether the class and the pool exist is not known here: see `gateSubjects`. */
export const parseGate = (text: string): Gate | GateFault => {
  const at = text.search(/[<>=!≤≥≠]/);
  if (at === -1)
    return {
      column: 1,
      constraint: "must be METRIC OPERATOR BOUND",
      value: text,
      hint: 'as "chat.ttft.p99 < 2s" or "goodput.ratio >= 95%"',
    };
  const symbol = /^[<>=!≤≥≠]+/.exec(text.slice(at))![0];
  const operator = OPERATORS.find((known) => known === symbol);
  if (operator === undefined) return wrongOperator(symbol, at);
  const name = place(text, 0, at);
  const metric = findMetric(name.text);
  if (!("subject" in metric)) return { column: name.column, value: name.text, ...metric };
  const boundText = place(text, at + symbol.length, text.length);
  const bound = parseBound(boundText.text, metric.unit);
  if (typeof bound !== "number")
    return {
      column: boundText.column,
      value: boundText.text,
      constraint: `must be ${bound.constraint}`,
      hint: bound.hint,
    };
  return { expression: text.trim(), subject: metric.subject, operator, bound, unit: metric.unit };
};

/** The classes and pools that a gate speaks of, for the check against a scenario's names. */
export const gateSubjects = (gate: Gate): { readonly classes: ReadonlyArray<string>; readonly pools: ReadonlyArray<string> } => ({
  classes: gate.subject.scope === "class" ? [gate.subject.name] : [],
  pools: gate.subject.scope === "pool" ? [gate.subject.name] : [],
});

/** The part of a text between two offsets without spaces, and its column. */
const place = (text: string, from: number, to: number): { readonly text: string; readonly column: number } => {
  const part = text.slice(from, to);
  return { text: part.trim(), column: from + 1 + (part.length - part.trimStart().length) };
};

const MISWRITTEN: { readonly [symbol: string]: Operator } = {
  "=": "==",
  "===": "==",
  "=<": "<=",
  "≤": "<=",
  "=>": ">=",
  "≥": ">=",
  "≠": "!=",
  "<>": "!=",
  "!==": "!=",
};

const wrongOperator = (symbol: string, at: number): GateFault => ({
  column: at + 1,
  constraint: `must be an operator (${OPERATORS.join(" ")})`,
  value: symbol,
  hint: symbol in MISWRITTEN ? `write ${MISWRITTEN[symbol]}` : 'as "chat.ttft.p99 < 2s"',
});

interface Found {
  readonly subject: GateSubject;
  readonly unit: Unit;
}

const findMetric = (name: string): Found | { readonly constraint: string; readonly hint: string } =>
  findRunMetric(name) ?? findPoolMetric(name) ?? findClassMetric(name) ?? unknownMetric(name);

const findRunMetric = (name: string): Found | undefined => {
  const metric = RUN_METRICS.find(({ path }) => path === name);
  return metric && { subject: { scope: "run", metric: metric.path }, unit: metric.unit };
};

const findPoolMetric = (name: string): Found | undefined => {
  const metric = name.startsWith(FLEET) ? POOL_METRICS.find(({ path }) => name.endsWith(`.${path}`)) : undefined;
  if (metric === undefined || name.length <= FLEET.length + metric.path.length + 1) return undefined;
  return {
    subject: {
      scope: "pool",
      name: name.slice(FLEET.length, -metric.path.length - 1),
      metric: metric.path,
    },
    unit: metric.unit,
  };
};

const FLEET = "fleet.";

const findClassMetric = (name: string): Found | undefined => {
  const metric = CLASS_METRICS.find(({ path }) => name.endsWith(`.${path}`) && name.length > path.length + 1);
  return (
    metric && {
      subject: {
        scope: "class",
        name: name.slice(0, -metric.path.length - 1),
        metric: metric.path,
      },
      unit: metric.unit,
    }
  );
};

const unknownMetric = (name: string): { readonly constraint: string; readonly hint: string } => {
  const near = nearestMetric(name);
  const ofClass = CLASS_METRICS.some(({ path }) => path === name);
  if (ofClass)
    return {
      constraint: "must be a metric of a traffic class",
      hint: `write CLASS.${name} with the name of a class`,
    };
  return {
    constraint: "must be a known metric",
    hint: near === undefined ? 'as "CLASS.ttft.p99", "goodput.ratio" or "fleet.POOL.utilization"' : `did you mean "${near}"?`,
  };
};

/** The nearest name among the run's metrics and those of the class or pool that the first parts of the name may mean. */
const nearestMetric = (name: string): string | undefined => {
  const parts = name.split(".");
  const run = RUN_METRICS.map(({ path }) => path);
  const pool = parts.length > 2 ? POOL_METRICS.map(({ path }) => `${FLEET}${parts[1]!}.${path}`) : [];
  const heads = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("."));
  const classes = heads.flatMap((head) => CLASS_METRICS.map(({ path }) => `${head}.${path}`));
  return parts[0] === "fleet" ? nearest(name, [...pool, ...run]) : nearest(name, [...classes, ...run, ...pool]);
};
