import { expect, test } from "vitest";
import type { SlotPool } from "../../src/kernel/SlotPool.ts";
import { Attempts } from "../../src/serving/Attempts.ts";
import * as Fields from "../../src/serving/Fields.ts";
import { Requests } from "../../src/serving/Requests.ts";

const constantOf = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

/** Names of columns whose values are not where Fields.ts says. */
const misplaced = (pool: SlotPool): ReadonlyArray<string> => {
  const slot = pool.take();
  return Object.entries(pool).flatMap(([name, column]: [string, { readonly at?: unknown }]) => {
    const at = column.at;
    if (!(at instanceof Int32Array || at instanceof Float64Array)) return [];
    at[slot] = 77;
    const field = (Fields as Readonly<Record<string, number>>)[constantOf(name)]!;
    const found = (at instanceof Int32Array ? pool.ints : pool.doubles)[slot | field];
    at[slot] = 0;
    return found === 77 ? [] : [name];
  });
};

test("each column of attempts and requests lies where its field says", () => {
  expect(misplaced(new Attempts())).toEqual([]);
  expect(misplaced(new Requests())).toEqual([]);
});
