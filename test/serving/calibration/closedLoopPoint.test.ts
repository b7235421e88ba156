import { describe, expect, it } from "vitest";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";

const STEP = { a: 8, b: 0.02, c: 4e-5, d: 0.02, e: 1e-6, h: 0 };

describe("closed loop point", () => {
  it("one client: fixed lengths -> prefill step, then the mean decode step in closed form", () => {
    const point = closedLoopPoint(STEP, { inputTokens: 1000, outputTokens: 101, concurrency: 1, maxBatchedTokens: 8192 });
    expect(point.ttftMs).toBeCloseTo(8 + 20 + 0.5, 9);
    // 100 steps over 1,001 to 1,100 KV tokens.
    expect(point.tpotMs).toBeCloseTo(8 + 0.02 + 4e-5 * 1050.5, 9);
  });

  it("one client, small budget: 1,000 tokens in chunks of 300 -> four steps, attention over the context", () => {
    const { ttftMs } = closedLoopPoint(STEP, { inputTokens: 1000, outputTokens: 1, concurrency: 1, maxBatchedTokens: 300 });
    expect(ttftMs).toBeCloseTo(4 * 8 + 20 + 0.5, 9);
  });

  it("KV for one request only: two clients -> the second waits for the end of the first", () => {
    const load = { inputTokens: 100, outputTokens: 50, concurrency: 2, maxBatchedTokens: 8192 };
    const tight = closedLoopPoint(STEP, { ...load, kvTokens: 200 });
    expect(tight.ttftMs).toBeGreaterThan(300);
    expect(closedLoopPoint(STEP, load).ttftMs).toBeLessThan(30);
  });

  it("maximum form: rows below floor / rowMs -> free, above -> paid", () => {
    const step = { ...STEP, floorMs: 5, rowMs: 0.05 };
    const at = (concurrency: number): number =>
      closedLoopPoint(step, { inputTokens: 1, outputTokens: 200, concurrency, maxBatchedTokens: 8192 }).tpotMs -
      closedLoopPoint(STEP, { inputTokens: 1, outputTokens: 200, concurrency, maxBatchedTokens: 8192 }).tpotMs;
    expect(at(10)).toBeCloseTo(5, 9);
    expect(at(200)).toBeCloseTo(10, 9);
  });

  it("routed experts: one row of 4 in 128 -> four experts read; many rows -> all", () => {
    const step = { ...STEP, experts: { count: 128, active: 4, msPerExpert: 0.1 } };
    const extra = (concurrency: number): number => {
      const load = { inputTokens: 1, outputTokens: 200, concurrency, maxBatchedTokens: 8192 };
      return closedLoopPoint(step, load).tpotMs - closedLoopPoint(STEP, load).tpotMs;
    };
    expect(extra(1)).toBeCloseTo(0.4, 9);
    expect(extra(1000)).toBeCloseTo(12.8, 6);
  });
});
