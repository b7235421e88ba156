import { describe, expect, test } from "vitest";
import { evaluateGate, evaluateGates } from "../../src/experiment/evaluateGates.ts";
import type { Gate, Operator } from "../../src/experiment/Gate.ts";
import { isGateFault, metricNames, OPERATORS, parseGate } from "../../src/experiment/Gate.ts";
import { emptyResult, nothing, sampleResult } from "../report/sampleResult.ts";

const gate = (text: string): Gate => {
  const parsed = parseGate(text);
  if (isGateFault(parsed)) throw new Error(parsed.constraint);
  return parsed;
};
const judge = (text: string, run = sampleResult()) => evaluateGate(gate(text), run);

const BOUNDS = { ms: "2s", ratio: "5%", perSecond: "4/s", usd: "$1", number: "7" };
/** A gate for each name that there is, on class and pool of the sample. */
const allGates = (operator: Operator): ReadonlyArray<Gate> =>
  metricNames.map((name) => {
    const subject = name.replace("<class>", "chat").replace("<pool>", "spare");
    const parsed = Object.values(BOUNDS).map((bound) => parseGate(`${subject} ${operator} ${bound}`));
    return parsed.find((result): result is Gate => !isGateFault(result))!;
  });

const goodput = (ratio: number) => {
  const run = sampleResult();
  return { ...run, total: { ...run.total, goodput: { ...run.total.goodput, ratio } } };
};

describe("evaluateGate", () => {
  test.each([
    ["<", ["pass", "fail", "fail"]],
    ["<=", ["pass", "pass", "fail"]],
    [">", ["fail", "fail", "pass"]],
    [">=", ["fail", "pass", "pass"]],
    ["==", ["fail", "pass", "fail"]],
    ["!=", ["pass", "fail", "pass"]],
  ])("evaluateGate: %s with a value below, at and above the bound -> %s", (operator, verdicts) => {
    expect([0.25, 0.5, 0.75].map((ratio) => judge(`goodput.ratio ${operator} 50%`, goodput(ratio)).verdict)).toEqual(verdicts);
  });

  test.each([
    ["chat.ttft.p99 < 2s", 812.345678 * 7.77, "6.31s, above 2s, over 244,117 first tokens"],
    ["chat.e2e.mean < 30s", 17_345.6 * 1.4375, "24.9s, below 30s, over 231,003 answers"],
    ["goodput.ratio > 0.95", 183_808 / 347_518, "52.9%, below 95%, over 347,518 requests"],
    ["chat.shed.ratio < 20%", 40_110 / 342_118, "11.7%, below 20%, over 342,118 requests"],
    ["chat.failed.count == 1", 1, "exactly 1, over 342,118 requests"],
    ["goodput > 20/s", 17.01925925, "17.0/s, below 20/s, over 347,518 requests"],
    ["fleet.h800.waiting.max < 2k", 1904, "1,904, below 2,000, over 347,518 requests"],
    ["fleet.h800.hitRatio >= 30%", 0.374, "37.4%, above 30%, over 187M prompt tokens"],
    ["gateway.cut < 100", 61_200, "61,200, above 100, over 347,518 requests"],
    ["cost.perMillionTokens < $0.80", 9.3312345, "$9.33, above $0.80, over 175M output tokens"],
  ])("evaluateGate: %s -> the value and the reason in words", (text, value, reason) => {
    expect(judge(text)).toMatchObject({ expression: text, value, reason });
  });

  test("evaluateGate: a value just beyond the bound -> the reason tells them apart", () => {
    const run = sampleResult();
    const close = {
      ...run,
      classes: run.classes.map((of) => ({ ...of, ttftMs: { ...of.ttftMs, p99: 2000.4 } })),
    };
    expect(judge("chat.ttft.p99 <= 2s", close)).toMatchObject({
      verdict: "fail",
      reason: expect.stringContaining("2000.4ms, above 2s"),
    });
  });

  test.each(OPERATORS)("evaluateGate: nothing measured -> inconclusive with every metric and %s", (operator) => {
    for (const one of allGates(operator)) {
      expect(evaluateGate(one, emptyResult())).toMatchObject({
        expression: one.expression,
        value: null,
        verdict: "inconclusive",
      });
    }
  });

  test("evaluateGate: a full result -> a verdict with every metric but those that the gateway and the pool have not", () => {
    const open = allGates("<")
      .map((one) => evaluateGate(one, sampleResult()))
      .filter(({ verdict }) => verdict === "inconclusive");
    expect(open.map(({ expression }) => expression)).toEqual(["gateway.cache.hitRatio < 5%", "fleet.spare.hitRatio < 5%"]);
  });

  test("evaluateGate: requests but no first token -> inconclusive, and the reason says so", () => {
    const run = sampleResult();
    const silent = { ...run, classes: run.classes.map((of) => ({ ...of, ttftMs: nothing })) };
    expect(judge("chat.ttft.p99 < 2s", silent)).toEqual({
      expression: "chat.ttft.p99 < 2s",
      value: null,
      verdict: "inconclusive",
      reason: "not measured: no first tokens",
    });
  });

  test("evaluateGate: a class, a pool that the result does not have, or a NaN -> inconclusive", () => {
    expect(judge("code.ttft.p99 < 2s")).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringContaining('no class "code"'),
    });
    expect(judge("fleet.tpu.kv.max < 50%")).toMatchObject({
      verdict: "inconclusive",
      reason: expect.stringContaining('no pool "tpu"'),
    });
    expect(judge("goodput.ratio != 50%", goodput(NaN))).toMatchObject({
      value: null,
      verdict: "inconclusive",
    });
  });
});

describe("evaluateGates", () => {
  const PASS = "chat.failed.count < 7";
  const FAIL = "chat.ttft.p99 < 2s";
  const OPEN = "fleet.spare.hitRatio > 1%";
  test.each([
    [[], "none"],
    [[PASS], "pass"],
    [[PASS, OPEN], "inconclusive"],
    [[OPEN, FAIL, PASS], "fail"],
  ])("evaluateGates: %j -> %s", (texts, verdict) => {
    const judged = evaluateGates(texts.map(gate), sampleResult());
    expect(judged.verdict).toBe(verdict);
    expect(judged.gates.map(({ expression }) => expression)).toEqual(texts);
  });
});
