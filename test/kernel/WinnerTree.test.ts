import fc from "fast-check";
import { expect, test } from "vitest";
import { WinnerTree } from "../../src/kernel/WinnerTree.ts";

/** The leaf that wins by the rule, tried one by one. */
const winnerOf = (timesMs: ReadonlyArray<number>, phases: ReadonlyArray<number>): number =>
  timesMs.reduce((best, ms, leaf) => {
    const earlier = ms < timesMs[best]! || (ms === timesMs[best] && phases[leaf]! < phases[best]!);
    return earlier ? leaf : best;
  }, 0);

const changes = fc.array(
  fc.record({ leaf: fc.nat(), ms: fc.oneof(fc.nat(4), fc.constant(Infinity)), isNew: fc.nat(3), phase: fc.nat(2) }),
  {
    minLength: 1,
    maxLength: 300,
    size: "max",
  },
);

const firstDifference = (phaseCount: number, of: ReadonlyArray<{ leaf: number; ms: number; isNew: number; phase: number }>): number => {
  const tree = new WinnerTree();
  const timesMs: Array<number> = [];
  const phases: Array<number> = [];
  return of.findIndex(({ leaf, ms, isNew, phase }) => {
    if (isNew === 0 || timesMs.length === 0) {
      phases.push(phase % phaseCount);
      timesMs.push(Infinity);
      tree.add(phase % phaseCount);
    }
    const changed = leaf % timesMs.length;
    timesMs[changed] = ms;
    tree.nodeMs[tree.first + changed] = ms;
    tree.settle(changed);
    const winner = winnerOf(timesMs, phases);
    return tree.nodeMs[1] !== timesMs[winner] || (timesMs[winner]! < Infinity && tree.nodeLeaf[1] !== winner);
  });
};

test("random leaves, times and ties -> the earliest; then the lowest phase, then the lowest leaf", () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 3), changes, (phaseCount, of) => {
      expect(firstDifference(phaseCount, of)).toBe(-1);
    }),
  );
});
