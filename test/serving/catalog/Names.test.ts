import { expect, test } from "vitest";
import { canonicalName, nearestName, namesWith } from "../../../src/serving/catalog/Names.ts";

const KNOWN = ["h100", "h100-sxm", "a100", "l40s", "llama-3.1-8b", "llama-3.1-70b", "llama-2-70b", "qwen-2.5-7b"];

test("canonical name: vendor, organization, case and separators -> none of them", () => {
  expect(["NVIDIA H100_SXM", "meta-llama/Llama-3.1-8B", "AMD Instinct MI300X"].map(canonicalName)).toEqual([
    "h100-sxm",
    "llama-3.1-8b",
    "mi300x",
  ]);
});

test.each([
  ["h10o", "h100"],
  ["lama-3.1-70b", "llama-3.1-70b"],
  ["lama70", "llama-2-70b"],
  ["llama 3.1 70", "llama-3.1-70b"],
  ["qwen7b", "qwen-2.5-7b"],
  ["sxm", "h100-sxm"],
])("nearest name: %s -> %s, separators count nothing and parts count much", (text, name) => {
  expect(nearestName(text, KNOWN)).toBe(name);
});

test("names with a part: a family -> all of it; too short or unknown -> none", () => {
  expect(namesWith("Llama", KNOWN)).toEqual(["llama-3.1-8b", "llama-3.1-70b", "llama-2-70b"]);
  expect(namesWith("70B", KNOWN)).toEqual(["llama-3.1-70b", "llama-2-70b"]);
  expect(namesWith("l", KNOWN)).toEqual([]);
  expect(namesWith("falcon", KNOWN)).toEqual([]);
});
