import { expect, it } from "vitest";
import { backoffMs, hintedMs } from "../../../src/policy/retry/Backoff.ts";

const WAITS = { baseMs: 100, factor: 2, capMs: 500 };

it.each([
  ["none", 0.75, [100, 200, 400, 500, 500]],
  ["full", 0.75, [75, 150, 300, 375, 375]],
  ["full", 0, [0, 0, 0, 0, 0]],
  ["equal", 0.75, [87.5, 175, 350, 437.5, 437.5]],
  ["equal", 0, [50, 100, 200, 250, 250]],
] as const)("backoff: %s jitter, draw %d -> waits before retries 1 to 5", (jitter, draw, expected) => {
  expect([1, 2, 3, 4, 5].map((retry) => backoffMs({ ...WAITS, jitter }, retry, draw))).toEqual(expected);
});

it("backoff: decorrelated -> between the base and three times the last wait, at most the cap; first after the base", () => {
  const wait = (draw: number, ...previous: [] | [number]): number => backoffMs({ ...WAITS, jitter: "decorrelated" }, 1, draw, ...previous);
  expect([wait(0), wait(0.5), wait(0, 150), wait(0.5, 150), wait(0.5, 1000), wait(0.5, 10)]).toEqual([100, 200, 100, 275, 500, 100]);
});

it("backoff: no base -> no wait, also where the growth has no finite value", () => {
  expect(backoffMs({ ...WAITS, baseMs: 0, jitter: "none" }, 5000, 0.5)).toBe(0);
  expect(backoffMs({ ...WAITS, jitter: "none" }, 5000, 0.5)).toBe(500);
});

it("hint: none -> the computed wait; a wait -> itself; negative or endless -> never", () => {
  expect([NaN, 0, 7, Infinity, -1, -Infinity].map((hint) => hintedMs(50, hint))).toEqual([50, 0, 7, Infinity, Infinity, Infinity]);
});
