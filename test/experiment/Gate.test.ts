import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Gate, GateFault } from "../../src/experiment/Gate.ts";
import { gateSubjects, isGateFault, metricNames, OPERATORS, parseGate } from "../../src/experiment/Gate.ts";
import { editDistance, nearest } from "../../src/experiment/nearest.ts";

const gate = (text: string): Gate => {
  const parsed = parseGate(text);
  if (isGateFault(parsed)) throw new Error(`${parsed.constraint}: ${parsed.value}`);
  return parsed;
};
const fault = (text: string): GateFault => {
  const parsed = parseGate(text);
  if (!isGateFault(parsed)) throw new Error(`${text} is a gate`);
  return parsed;
};

describe("parseGate", () => {
  test.each([
    ["chat.ttft.p99 < 2s", { scope: "class", name: "chat", metric: "ttft.p99" }, "<", 2000, "ms"],
    ["goodput.ratio > 0.95", { scope: "run", metric: "goodput.ratio" }, ">", 0.95, "ratio"],
    ["chat.goodput.ratio > 95%", { scope: "class", name: "chat", metric: "goodput.ratio" }, ">", 0.95, "ratio"],
    ["shed.ratio < 1%", { scope: "run", metric: "shed.ratio" }, "<", 0.01, "ratio"],
    ["chat.expired.ratio<=1%", { scope: "class", name: "chat", metric: "expired.ratio" }, "<=", 0.01, "ratio"],
    ["fleet.gpu.utilization < 0.9", { scope: "pool", name: "gpu", metric: "utilization" }, "<", 0.9, "ratio"],
    ["fleet.gpu.waiting.max < 2k", { scope: "pool", name: "gpu", metric: "waiting.max" }, "<", 2000, "number"],
    ["cost.perMillionTokens < $0.80", { scope: "run", metric: "cost.perMillionTokens" }, "<", 0.8, "usd"],
    ["chat.e2e.mean < 30s", { scope: "class", name: "chat", metric: "e2e.mean" }, "<", 30_000, "ms"],
    ["throughput > 40/s", { scope: "run", metric: "throughput" }, ">", 40, "perSecond"],
    ["  failed.count == 0 ", { scope: "run", metric: "failed.count" }, "==", 0, "number"],
    ["night.batch-v2.itl.p999 != 50ms", { scope: "class", name: "night.batch-v2", metric: "itl.p999" }, "!=", 50, "ms"],
    ["fleet.ttft.p50 >= 1s", { scope: "class", name: "fleet", metric: "ttft.p50" }, ">=", 1000, "ms"],
    ["中文.queueWait.max < 1m", { scope: "class", name: "中文", metric: "queueWait.max" }, "<", 60_000, "ms"],
  ] as const)("parseGate: %s -> its subject, operator, bound and unit", (text, subject, operator, bound, unit) => {
    expect(parseGate(text)).toEqual({ expression: text.trim(), subject, operator, bound, unit });
  });

  test("parseGate: each known name with each operator -> a gate of that metric", () => {
    const bounds = { ms: "2s", ratio: "5%", perSecond: "4/s", usd: "$1", number: "7" };
    fc.assert(
      fc.property(fc.constantFrom(...metricNames), fc.constantFrom(...OPERATORS), fc.constantFrom("", " "), (name, operator, space) => {
        const subject = name.replace("<class>", "chat").replace("<pool>", "gpu");
        const parsed = Object.values(bounds).map((bound) => parseGate(`${subject}${space}${operator}${space}${bound}`));
        const gates = parsed.filter((result): result is Gate => !isGateFault(result));
        expect(gates.length).toBeGreaterThan(0);
        for (const { subject: of, operator: read } of gates) {
          expect(read).toBe(operator);
          expect(of.scope).toBe(name.startsWith("<class>") ? "class" : name.startsWith("fleet.") ? "pool" : "run");
          expect(subject.endsWith(of.metric)).toBe(true);
        }
      }),
    );
  });

  test.each([
    ["chat.ttft.p99", 1, "METRIC OPERATOR BOUND", "chat.ttft.p99", "2s"],
    ["chat.ttft.p99 = 2s", 15, "an operator", "=", "=="],
    ["chat.ttft.p99 =< 2s", 15, "an operator", "=<", "<="],
    ["chat.ttft.p99 ≤ 2s", 15, "an operator", "≤", "<="],
    ["chat.tfft.p99 < 2s", 1, "a known metric", "chat.tfft.p99", "chat.ttft.p99"],
    ["chat.ttft.p98 < 2s", 1, "a known metric", "chat.ttft.p98", "chat.ttft.p9"],
    [" goodput.ration > 1%", 2, "a known metric", "goodput.ration", "goodput.ratio"],
    ["fleet.gpu.utilisation < 0.9", 1, "a known metric", "fleet.gpu.utilisation", "fleet.gpu.utilization"],
    ["ttft.p99 < 2s", 1, "a metric of a traffic class", "ttft.p99", "CLASS.ttft.p99"],
    [" < 2s", 2, "a known metric", "", "goodput.ratio"],
    ["chat.ttft.p99 <  2", 18, "a duration", "2", '"2s" or "2ms"'],
    ["chat.ttft.p99 < -2s", 17, "a duration", "-2s", "2s"],
    ["chat.ttft.p99 <", 16, "a duration", "", "2s"],
    ["goodput.ratio > 95", 17, "a share", "95", '"95%"'],
    ["goodput.ratio > 1.5", 17, "a share", "1.5", '"1.5%"'],
    ["goodput.ratio > 120%", 17, "a share", "120%", "percentage"],
    ["throughput > 40", 14, "a rate", "40", '"40/s"'],
    ["cost.total < 12", 14, "an amount of US dollars", "12", '"$12"'],
    ["failed.count == none", 17, "a number", "none", "100"],
  ])("parseGate: %s -> column %d, must be %s (%s), hint with %s", (text, column, constraint, value, hint) => {
    const found = fault(text);
    expect(found).toMatchObject({ column, value });
    expect(found.constraint).toContain(`must be ${constraint}`);
    expect(found.hint).toContain(hint);
  });

  test("parseGate: any text -> a gate or a fault whose value stands at its column", () => {
    const piece = fc.constantFrom("chat", ".", "ttft", "p99", " ", "<", "=", "2s", "95%", "goodput.ratio", "$", "fleet", "gpu", "1");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join("")),
        ),
        (text) => {
          const parsed = parseGate(text);
          if (!isGateFault(parsed)) return;
          expect(text.slice(parsed.column - 1, parsed.column - 1 + parsed.value.length)).toBe(parsed.value);
          expect(parsed.hint).not.toBe("");
        },
      ),
      { numRuns: 150 },
    );
  });
});

test("gateSubjects: gates of a class, a pool and the run -> the names to check", () => {
  expect(gateSubjects(gate("chat.ttft.p99 < 2s"))).toEqual({ classes: ["chat"], pools: [] });
  expect(gateSubjects(gate("fleet.gpu.kv.max < 100%"))).toEqual({ classes: [], pools: ["gpu"] });
  expect(gateSubjects(gate("goodput.ratio > 95%"))).toEqual({ classes: [], pools: [] });
});

test("metricNames: all names -> each one once", () => {
  expect(new Set(metricNames).size).toBe(metricNames.length);
});

describe("nearest", () => {
  test("nearest: typing errors -> the name that was meant; other words -> none", () => {
    expect(nearest("thruoghput", ["offered", "throughput"])).toBe("throughput");
    expect(nearest("cat", ["utilization", "batch.mean"])).toBeUndefined();
  });

  test("editDistance: any two texts -> 0 only for equal ones, symmetric, at most the longer length", () => {
    const short = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(short, short, (from, to) => {
        const edits = editDistance(from, to);
        expect(edits === 0).toBe(from === to);
        expect(edits).toBe(editDistance(to, from));
        expect(edits).toBeLessThanOrEqual(Math.max(from.length, to.length));
        expect(edits).toBeGreaterThanOrEqual(Math.abs(from.length - to.length));
      }),
    );
  });
});
