import { expect, test } from "vitest";
import { overheadText } from "../../../src/report/terminal/overheadText.ts";

test.each([
  [26.2, 0.00216, "26.2ms and 2.16ms per 1,000 prompt tokens"],
  [30, 0, "30ms"],
  [0, 0.002, "2ms per 1,000 prompt tokens"],
])("overhead: %f ms and %f ms per token -> %s", (perRequestMs, perPromptTokenMs, text) => {
  expect(overheadText({ perRequestMs, perPromptTokenMs })).toBe(text);
});
