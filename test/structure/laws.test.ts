import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SHIPPED_ADAPTERS } from "../../src/testing/adapters/ShippedAdapters.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";

const TABLE = readFileSync("docs/laws.md", "utf8");
const ROWS = new Map([...TABLE.matchAll(/^\| ([A-Z]+-\d+) \|(.*)$/gm)].map(([, id, row]) => [id!, row!]));

it("docs/laws.md: every numbered law -> a row", () => {
  const numbered = (letter: string, most: number): ReadonlyArray<string> =>
    Array.from({ length: most }, (_, index) => `${letter}-${index + 1}`);
  const all = [
    ["L", 20],
    ["B", 20],
    ["R", 13],
    ["C", 12],
    ["T", 7],
    ["A", 12],
    ["LB", 9],
  ] as const;
  expect(all.flatMap(([letter, most]) => numbered(letter, most)).filter((id) => !ROWS.has(id))).toEqual([]);
});

it("docs/laws.md: a law that the kit has -> said to be in the kit; one that it lacks -> not", async () => {
  const laws = new Set<string>();
  for (const [name, load] of SHIPPED_ADAPTERS) {
    if (name.startsWith("upstash")) continue;
    for (const law of lawsOf(await load())) laws.add(law.id);
  }
  const inKit = new Set([...ROWS].filter(([, row]) => row.includes("kit `")).map(([id]) => id));
  // B-8 is for breakers that bound executions, and none of those here does.
  const expected = new Set([...laws, "B-8"]);
  for (const id of expected) expect(inKit, id).toContain(id);
  for (const id of inKit) if (/^[LBRCT]-/.test(id)) expect(expected, id).toContain(id);
});

it("docs/laws.md: files that it names -> exist", () => {
  const named = [...TABLE.matchAll(/`(test\/[\w/.]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
