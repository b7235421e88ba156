import { expect, test } from "vitest";
import { Extents } from "../../../src/serving/engine/Extents.ts";
import { StrandExtents } from "../../../src/serving/engine/StrandExtents.ts";
import { StrandIndex } from "../../../src/serving/engine/StrandIndex.ts";
import { StrandPath } from "../../../src/serving/engine/StrandPath.ts";
import { Strands } from "../../../src/serving/engine/Strands.ts";
import { NO_CONTENT } from "../../../src/serving/engine/TokenContent.ts";

const NONE = -1;
const BLOCK_TOKENS = 16;

/** Extents of one block; a name per block. */
const trees = () => {
  const extents = new Extents();
  const strands = new Strands();
  const index = new StrandIndex(strands);
  const named = new StrandExtents(extents, strands, index);
  const path = new StrandPath(strands, index, BLOCK_TOKENS);
  const seek = (names: ReadonlyArray<number>): number => {
    const promptTokens = names.length * BLOCK_TOKENS;
    path.seek({ ...NO_CONTENT, traceKeys: Float64Array.from(names), traceBlockTokens: BLOCK_TOKENS, promptTokens }, names.length - 1, NONE);
    return path.strand;
  };
  /** An extent for the last block. */
  const keep = (names: ReadonlyArray<number>): number => {
    if (seek(names) === NONE) path.make();
    const extent = extents.take(path.strand, names.length - 1, 1);
    named.insert(extent, NONE);
    return extent;
  };
  return { named, seek, keep };
};

test("strands: names that go on, or part in the middle -> the beginning is in one strand", () => {
  const { keep, seek } = trees();
  keep([1, 2, 3, 4]);
  const whole = seek([1, 2, 3, 4]);
  expect(seek([1, 2])).toBe(whole);
  expect(seek([1, 2, 5])).toBe(NONE);
  keep([1, 2, 5, 6]);
  expect(seek([1, 2, 5])).toBe(seek([1, 2, 5, 6]));
  expect(seek([1, 2, 5])).not.toBe(whole);
  expect(seek([1, 2])).toBe(whole);
  expect(seek([3, 4])).toBe(NONE);
});

test("strands: a beginning without extents -> stays while a child needs it, and goes with the last one", () => {
  const { keep, named, seek } = trees();
  const beginning = keep([1, 2, 3]);
  const children = [keep([1, 2, 4, 5]), keep([1, 2, 4, 6])];
  named.remove(beginning);
  expect(seek([1, 2])).not.toBe(NONE);
  named.remove(children[0]!);
  expect(seek([1, 2, 4, 6])).not.toBe(NONE);
  expect(seek([1, 2, 4, 5])).not.toBe(NONE);
  named.remove(children[1]!);
  expect(seek([1])).toBe(NONE);
});

test("strands: thousands that come and go -> those that stay keep their names", () => {
  const { keep, named, seek } = trees();
  const stays = Array.from({ length: 200 }, (_, i) => Array.from({ length: 3 + (i % 20) }, (_, k) => 1e6 + 100 * i + k));
  for (const names of stays) keep(names);
  for (let round = 0; round < 10; round++) {
    const passing = Array.from({ length: 500 }, (_, i) => keep([1e9 + 1000 * round + i, 2, 3, 4, 5, 6, 7]));
    for (const extent of passing) named.remove(extent);
  }
  for (const names of stays) {
    expect(seek(names)).not.toBe(NONE);
    expect(seek([...names.slice(0, -1), 0])).toBe(NONE);
  }
  expect(new Set(stays.map(seek)).size).toBe(stays.length);
});
