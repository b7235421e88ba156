import { describe, expect, it } from "vitest";
import type { Result } from "../../../src/metric/Result.ts";
import { lineWidth } from "../../../src/report/terminal/Line.ts";
import { ruleLines } from "../../../src/report/terminal/ruleLines.ts";
import { sampleResult } from "../sampleResult.ts";

const { gateway } = sampleResult();

const everything: Result["gateway"] = {
  ...gateway,
  limits: { rejected: 1234 },
  shed: { queueFull: 5, tokensFull: 0, lowPriority: 0, throttled: 7, delayed: 0, pastDeadline: 0, timedOut: 0 },
  concurrency: { rejected: 3, limit: { mean: 20.5, max: 40 }, inFlight: { mean: 10, max: 40 } },
  breaker: { refused: 11 },
  brownout: { timeRatio: 0.25, shorter: 100, smallerModel: 0, fromCache: 0, canned: 9 },
  store: { calls: 5000, unanswered: 2 },
  clients: { blockedByBreaker: 77, blockedByThrottle: 0 },
};

const text = (of: Result["gateway"], width: number): string =>
  ruleLines(of, width)
    .map((line) => line.map((part) => part.text).join(""))
    .join("\n");

describe("ruleLines", () => {
  it("no rule -> no line", () => {
    expect(ruleLines({ queue: gateway.queue, router: "roundRobin", cut: 0 }, 100)).toEqual([]);
  });

  it("all rules -> what each did, and of the reasons those that occurred", () => {
    const shown = text(everything, 1000);
    for (const part of [
      "rejected by limits 1,234",
      "shed 12",
      "queue full 5",
      "throttled 7",
      "refused by breakers 11",
      "25.0% of the time",
    ])
      expect(shown).toContain(part);
    for (const part of ["shorter 100", "canned 9", "store calls 5,000", "unanswered 2", "clients' breakers 77"])
      expect(shown).toContain(part);
    expect(shown).not.toContain("low priority");
    expect(shown).not.toContain("smaller model");
  });

  it.each([60, 80, 100, 160])("%i columns -> no line is wider", (width) => {
    for (const line of ruleLines(everything, width)) expect(lineWidth(line)).toBeLessThanOrEqual(width);
  });
});
