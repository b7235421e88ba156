import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClassResult, Distribution, Result } from "../../../src/metric/Result.ts";
import { displayWidth } from "../../../src/report/terminal/displayWidth.ts";
import { renderTerminal } from "../../../src/report/terminal/renderTerminal.ts";
import { emptyResult, nothing, outcomes, sampleResult } from "../sampleResult.ts";

const WIDTHS = [80, 92, 100, 110, 120, 140, 160];
const lines = (result: Result, width = 100): ReadonlyArray<string> => renderTerminal(result, { color: false, width }).trimEnd().split("\n");
const find = (result: Result, start: string, width = 100): string =>
  lines(result, width).find((line) => line.trimStart().startsWith(start)) ?? `no line ${start}`;

/** A result with names and numbers of all sizes. */
const anyResult: fc.Arbitrary<Result> = fc
  .record({
    name: fc.oneof(
      fc.string({ maxLength: 150, size: "max" }),
      fc.string({ unit: fc.constantFrom("深", "🚀", "-", " "), maxLength: 100, size: "max" }),
    ),
    count: fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
    value: fc.oneof(fc.double({ min: 0, noNaN: true }), fc.double({ min: 0, max: 1e7, noNaN: true })),
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
    points: fc.nat(200),
    faults: fc.nat(6),
  })
  .map(({ name, count, value, ratio, points, faults }) => {
    const sample = sampleResult();
    const of: Distribution = {
      count,
      mean: value,
      p50: value,
      p90: value,
      p95: value,
      p99: value,
      p999: value,
      max: value,
    };
    const one: ClassResult = {
      ...sample.classes[0]!,
      name,
      tenant: name,
      requests: count,
      attempts: count * 2,
      outcomes: outcomes({ completed: count }),
      offeredPerSecond: value,
      goodput: { requests: count, perSecond: value, ratio, interval: { low: ratio, high: ratio } },
      ttftMs: of,
      tpotMs: of,
      itlMs: nothing,
      e2eMs: of,
      queueWaitMs: of,
    };
    const pool = {
      ...sample.pools[0]!,
      name,
      gpu: name,
      model: name,
      stepSource: name,
      warnings: [name],
      gpus: count,
      utilization: ratio,
      costUsd: value,
      waiting: { mean: value, max: count },
      preemptions: count,
      kv: { meanRatio: ratio, maxRatio: ratio },
    };
    return sampleResult({
      scenario: { name, digest: name, description: name },
      classes: [one, sample.classes[1]!],
      pools: [pool, sample.pools[1]!],
      timeline: sample.timeline.slice(0, points).map((point) => ({ ...point, offeredPerSecond: value, gatewayQueue: count })),
      faults: Array.from({ length: faults }, () => ({
        kind: "replicaDown",
        pool: name,
        startMs: value,
        endMs: value * 2,
      })),
      gates: [{ expression: name, value, verdict: "fail", reason: name }],
      warnings: [name],
      repeat: `npx spillway run ${name}`,
      trace: { rows: count, skippedRows: count },
    });
  });

const plain = (text: string): ReadonlyArray<string> => text.split("\n").map((line) => line.trimEnd());

const SEQUENCE = new RegExp(`${String.fromCodePoint(27)}\\[([\\d;]+)m`, "g");

describe("cost", () => {
  test.each([
    [{ simulatedMs: 600_000, warmupMs: 60_000, replications: 1 }, /^ {2}cost \S+ in the 9m measured {3}/u],
    [{ simulatedMs: 600_000, warmupMs: 0, replications: 1 }, /^ {2}cost \S+ in the 10m measured {3}/u],
    [{ simulatedMs: 600_000, warmupMs: 60_000, replications: 5 }, /^ {2}cost \S+ in the 9m measured of each run {3}/u],
    [{ simulatedMs: 30_000, warmupMs: 60_000, replications: 1 }, /^ {2}cost \S+ in the 0ms measured {3}/u],
  ])("renderTerminal: %j -> the time that the cost is of", (times, text) => {
    expect(find(sampleResult(times), "cost")).toMatch(text);
  });
});

describe("pools", () => {
  test("renderTerminal: a pool whose prompts reach the engine late -> its line says by how much; others say nothing", () => {
    const [first, second] = sampleResult().pools;
    const late = { ...second!, requestOverhead: { perRequestMs: 26.2, perPromptTokenMs: 0.00216 } };
    const text = lines(sampleResult({ pools: [first!, late] }), 160).join("\n");
    expect(text.match(/prompts reach the engine after 26\.2ms/gu)).toHaveLength(1);
    expect(lines(sampleResult(), 160).join("\n")).not.toContain("reach the engine");
  });
});

describe("width and color", () => {
  test("renderTerminal: any names and numbers -> no line wider than the width, no escape sequence, no NaN, null or undefined", () => {
    fc.assert(
      fc.property(anyResult, fc.integer({ min: 80, max: 160 }), (result, width) => {
        const text = renderTerminal(result, { color: false, width });
        for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(text).not.toContain("\u001b");
        expect(text.replaceAll(result.scenario.name, "")).not.toMatch(/NaN|undefined|Infinity/);
      }),
      { numRuns: 40 },
    );
  });

  test.each(WIDTHS)("renderTerminal: the sample at %d columns -> by a plain count of characters no line is wider", (width) => {
    for (const line of lines(sampleResult(), width)) expect([...line].length).toBeLessThanOrEqual(width);
  });

  test("renderTerminal: widths out of range -> 80 and 160", () => {
    expect(lines(sampleResult(), 20)).toEqual(lines(sampleResult(), 80));
    expect(lines(sampleResult(), 500)).toEqual(lines(sampleResult(), 160));
    expect(lines(sampleResult(), NaN)).toEqual(lines(sampleResult(), 80));
  });

  test.each(WIDTHS)("renderTerminal: with color at %d columns -> the same text, and each sequence is ended on its line", (width) => {
    const colored = renderTerminal(sampleResult(), { color: true, width });
    expect(colored).toContain("\u001b[");
    expect(plain(stripVTControlCharacters(colored))).toEqual(plain(renderTerminal(sampleResult(), { color: false, width })));
    for (const line of colored.split("\n")) {
      const codes = [...line.matchAll(SEQUENCE)].map(([, code]) => code!);
      codes.forEach((code, index) => expect(/^(22|39)/.test(code)).toBe(index % 2 === 1));
    }
  });

  test("renderTerminal: names with escape sequences and line breaks -> neither reaches the terminal", () => {
    const evil = "\u001b[31mred\nline\u0007";
    const text = renderTerminal(sampleResult({ scenario: { name: evil, digest: evil }, warnings: [evil], repeat: evil }), {
      color: false,
      width: 80,
    });
    expect([...text].filter((character) => character < " " && character !== "\n")).toEqual([]);
    expect(text).toContain("[31mred line");
  });
});

const ends = (line: string, unit: RegExp): ReadonlyArray<number> => [...line.matchAll(unit)].map((match) => match.index + match[0].length);

describe("content", () => {
  test("renderTerminal: a failed run -> name, verdict, seed, digest, span, requests and the command in the text", () => {
    const [title, ...rest] = lines(sampleResult());
    expect(title).toMatch(/deepseek-busy.*✗ FAIL$/);
    const text = rest.join(" ").replace(/\s+/g, " ");
    for (const fact of ["seed 7", "digest 9f2c41d07ab3", "simulated 3h", "requests 361,204", "--seed 7"]) expect(text).toContain(fact);
  });

  test.each([
    ["pass", "✓ PASS"],
    ["inconclusive", "? INCONCLUSIVE"],
    ["none", "no gates"],
  ] as const)("renderTerminal: verdict %s -> %s on the first line", (verdict, badge) => {
    expect(lines(sampleResult({ verdict }))[0]!.endsWith(badge)).toBe(true);
  });

  test("renderTerminal: an interrupted run -> says so, and how far it came", () => {
    const text = lines(sampleResult({ interrupted: true, simulatedMs: 41 * 60e3 })).join("\n");
    expect(text).toMatch(/INTERRUPTED/);
    expect(text).toContain("41m of 3h");
  });

  test("renderTerminal: outcomes -> those that occurred, with count and share", () => {
    const line = lines(sampleResult(), 160).find((text) => text.includes("completed"))!;
    expect(line).toContain("shed 40,110 11.7%");
    expect(line).not.toMatch(/degraded|cached|rejected/);
  });

  test.each(WIDTHS)(
    "renderTerminal: times of a class at %d columns -> quantiles below the bound ✓, above ✗, without bound no mark",
    (width) => {
      expect(find(sampleResult(), "TTFT ", width)).toMatch(/812ms ✓.*2\.52s ✗.*6\.31s ✗.*≤ 2s/);
      expect(find(sampleResult(), "ITL ", width)).not.toMatch(/[✓✗]/);
    },
  );

  test.each(WIDTHS)("renderTerminal: tables at %d columns -> digits end in the same column in each row", (width) => {
    const text = lines(sampleResult(), width);
    const from = text.findIndex((line) => line.trimStart().startsWith("TTFT"));
    const rows = text.slice(from, from + 5).map((line) => ends(line.replace(/≤.*/, ""), /[\d.]+(ms|s)(?= |$)/g));
    for (const row of rows) expect(row).toEqual(rows[0]);
    const pool = text.findIndex((line) => line.trimStart().startsWith("h800 "));
    expect(displayWidth(text[pool]!)).toBe(displayWidth(text[pool + 1]!));
  });

  test("renderTerminal: nothing measured in a class with requests -> dashes", () => {
    const run = sampleResult();
    const silent = { ...run.classes[0]!, ttftMs: nothing, tpotMs: nothing };
    expect(find({ ...run, classes: [silent] }, "TTFT ").match(/–/g)).toHaveLength(5);
  });

  test("renderTerminal: an empty run -> short, dashes for what was not measured, no total, no chart", () => {
    const text = lines(emptyResult()).join("\n");
    expect(text).toContain("no requests");
    expect(text).toContain("– per million output tokens");
    expect(text).not.toMatch(/null|NaN|all classes|over time/);
  });

  test("renderTerminal: a fault -> a mark at its place above the time axis", () => {
    const mark = find(sampleResult(), "slowdown");
    const chart = mark.slice(15, mark.lastIndexOf("·") + 1);
    const middle = chart.length / 2;
    expect(chart.indexOf("━") / chart.length).toBeCloseTo(0.5, 1);
    expect(chart.lastIndexOf("━")).toBeGreaterThan(middle);
    expect(mark).toContain("1h30m – 1h48m");
  });

  test("renderTerminal: gates -> verdict, expression and reason of each", () => {
    for (const width of [80, 120]) {
      const text = lines(sampleResult(), width).join("\n");
      for (const { expression, reason } of sampleResult().gates) {
        expect(text).toContain(expression);
        expect(text).toContain(reason);
      }
      expect(text).toContain("1 of 4 passed, 1 inconclusive");
    }
  });

  test("renderTerminal: no color -> good, late and lost requests differ by their glyphs", () => {
    const bar = lines(sampleResult(), 140).find((line) => /█{5}/.test(line))!;
    expect(bar).toMatch(/█+▓+░+┄+ +█ 52\.2% good +▓ 15\.4% answered, SLO missed +░ 32\.4% not answered +┄ 0\.0842% unfinished/);
  });
});
