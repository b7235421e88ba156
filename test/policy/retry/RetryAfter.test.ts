import { expect, it } from "vitest";
import { parseRetryAfterMs } from "../../../src/policy/retry/RetryAfter.ts";

it.each([
  ["0", 0],
  [" 120 ", 120_000],
  ["1234567890", 1_234_567_890_000],
  ["12345678901", -1],
  ["Wed, 21 Oct 2015 07:28:10 GMT", 10_000],
  ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
  ["Retry on Wed, 21 Oct 2015 07:28:10 GMT", -1],
  ["Wed, 21 Oct 2015 07:28:10 GMT or so", -1],
  ["Wed, 21 Oct 2015 07:28:10 GMT (UTC)", -1],
  ["Wed, 21 OCT 2015 07:28:10 GMT", -1],
  ["2015-10-21T07:28:10Z", -1],
  ["-1", -1],
  ["1.5", -1],
  ["soon", -1],
  ["", -1],
  ["Wed, 99 Oct 2015 07:28:10 GMT", -1],
])("retry-after: %j -> %d", (header, expected) => {
  expect(parseRetryAfterMs(header, Date.UTC(2015, 9, 21, 7, 28, 0))).toBe(expected);
});
