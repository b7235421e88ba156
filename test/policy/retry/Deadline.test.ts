import { expect, it } from "vitest";
import { childDeadlineMs, fitsDeadline } from "../../../src/policy/retry/Deadline.ts";

it("deadline: of a child -> the earlier of the parent's, less the way back, and its own limit", () => {
  expect([childDeadlineMs(1000, 50, 300, 100), childDeadlineMs(1000, 50, 5000, 100), childDeadlineMs(Infinity, 50, 300, 100)]).toEqual([
    400, 950, 400,
  ]);
});

it("deadline: work -> fits when it ends by the deadline; nothing fits at the deadline itself, not even no work", () => {
  expect([fitsDeadline(100, 200, 100), fitsDeadline(101, 200, 100), fitsDeadline(0, 200, 199), fitsDeadline(0, 200, 200)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
