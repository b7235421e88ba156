import { describe, expect, it } from "vitest";
import { drain, fixture, mean, openTrace, replay } from "../support.ts";

const path = fixture("servegen");

describe("ServeGen folder", () => {
  it("two clients -> rates of their windows, lengths of the distributions in force", async () => {
    const source = openTrace({ trace: { path } });
    const arrivals = await drain(source);
    expect(source.rows).toBe(24);
    const first = arrivals.filter((each) => each.promptTokens < 1000);
    const second = arrivals.filter((each) => each.promptTokens >= 1000);
    // 5/s for an hour with CV 2, and 2/s for two hours with CV 1.5.
    expect(Math.abs(first.length - 18_000)).toBeLessThan(4 * 2 * Math.sqrt(18_000));
    expect(Math.abs(second.length - 14_400)).toBeLessThan(4 * 1.5 * Math.sqrt(14_400));
    expect(first.every((each) => each.atMs < 3_600_000)).toBe(true);
    expect(Math.abs(mean(first.map((each) => each.promptTokens)) - 250)).toBeLessThan(4);
    expect(Math.abs(mean(first.map((each) => each.outputTokens)) - 17.5)).toBeLessThan(0.2);
    for (const { atMs, promptTokens, outputTokens } of second) {
      expect([promptTokens, outputTokens]).toEqual(atMs < 3_600_000 ? [1000, 50] : [2000, 60]);
    }
  });

  it("rate scale, time scale and window -> rates multiplied, time from the window", async () => {
    const arrivals = await replay({
      trace: { path, rateScale: 3, timeScale: 0.5, fromMs: 3_600_000, toMs: 4_200_000 },
    });
    expect(Math.abs(arrivals.length - 3600)).toBeLessThan(4 * 1.5 * 60);
    expect(arrivals[0]!.atMs).toBeLessThan(5000);
    expect(arrivals.at(-1)!.atMs).toBeLessThan(300_000);
    expect(arrivals.at(-1)!.atMs).toBeGreaterThan(290_000);
  });

  it("loop -> the next day is drawn afresh", async () => {
    const trace = { path, loop: true, toMs: 600_000 };
    const arrivals = await drain(openTrace({ trace }), 20_000);
    const day = (index: number) =>
      arrivals
        .filter((each) => each.atMs >= index * 600_000 && each.atMs < (index + 1) * 600_000)
        .map((each) => each.atMs - index * 600_000);
    expect(day(1).length).toBeGreaterThan(3500);
    expect(day(1)).not.toEqual(day(0));
    expect(arrivals.every((each, index) => index === 0 || each.atMs >= arrivals[index - 1]!.atMs)).toBe(true);
  });

  it("a window without any request, one behind the end -> no arrivals, a fault", async () => {
    const quiet = { path, rateScale: 1e-9, toMs: 1 };
    expect(await replay({ trace: quiet })).toEqual([]);
    await expect(replay({ trace: { ...quiet, loop: true } })).rejects.toThrow(/at least one row/);
    await expect(replay({ trace: { path, fromMs: 1e9 } })).rejects.toThrow(/at least one row/);
  });

  it("same seed -> same requests", async () => {
    expect(await replay({ trace: { path, toMs: 60_000 } })).toEqual(await replay({ trace: { path, toMs: 60_000 } }));
  });
});
