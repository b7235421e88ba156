import fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OwnRedis } from "../../src/testing/adapters/startRedis.ts";
import { MACHINES } from "./Machines.ts";
import type { Step } from "./Machines.ts";
import { STORES } from "./Store.ts";

/** Gaps at the edges and next to them, none, anything, and now and then a clock that steps back. */
function steps(edgesMs: ReadonlyArray<number>): fc.Arbitrary<Array<Step>> {
  const edgesUs = edgesMs.flatMap((ms) => [-1, 0, 1].map((us) => Math.round(ms * 1000) + us));
  const gapUs = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(...edgesUs) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -500_000, 30 * 86_400_000_000) },
  );
  const step = fc.record({
    gapUs,
    choice: fc.nat(3),
    a: fc.nat(15),
    b: fc.nat(15),
    node: fc.nat(1),
    resent: fc.boolean(),
  });
  return fc.array(step, { minLength: 6, maxLength: 40, size: "max" });
}

describe.each(STORES)("$name", ({ skipped, runs, open }) => {
  let own: OwnRedis | undefined;
  let other: Redis | undefined;
  let round = 0;

  beforeAll(async () => {
    if (skipped) return;
    own = await open();
    other = own.redis.duplicate();
    other.on("error", () => undefined);
  });
  afterAll(async () => {
    other?.disconnect();
    await own?.close();
  });

  it.skipIf(skipped).each(MACHINES)(
    "$name: any history on two nodes, resends and older readings included -> every answer of the pure machine",
    async (machine) => {
      await fc.assert(
        fc.asyncProperty(machine.settings, steps(machine.edgesMs), async (settings, list) => {
          let nowUs = 1.7e15;
          const pair = machine.open(settings, [own!.redis, other!], `${machine.name}${round++}`);
          for (const [turn, step] of list.entries()) {
            nowUs += step.gapUs;
            const { expected, send } = pair(step, turn, nowUs / 1000);
            expect(await send()).toEqual(expected);
            if (step.resent) expect(await send()).toEqual(expected);
          }
        }),
        process.env["SPILLWAY_LONG"] === undefined ? { numRuns: runs, seed: 42 } : { numRuns: 4 * runs },
      );
    },
  );
});
