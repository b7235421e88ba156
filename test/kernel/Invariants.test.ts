import { describe, expect, it } from "vitest";
import { ensure, InvariantBroken, INVARIANTS } from "../../src/kernel/Invariants.ts";

describe("Invariants", () => {
  it("the table -> numbers 1, 2, 3, ... and distinct names", () => {
    expect(INVARIANTS.map((entry) => entry.number)).toEqual(INVARIANTS.map((_, index) => index + 1));
    expect(new Set(INVARIANTS.map((entry) => entry.name)).size).toBe(INVARIANTS.length);
  });

  it("a condition that holds -> nothing, and the detail is not asked for", () => {
    ensure(4, true, 1, () => {
      throw new Error("asked");
    });
  });

  it("a condition that fails -> an error with number, time, name and detail", () => {
    expect(break4).toThrow(InvariantBroken);
    expect(break4).toThrow(/4 \(KV blocks\).*12\.5 ms.*free 3 \+ used 4 of 8/);
    expect(break4).toThrow(expect.objectContaining({ number: 4, nowMs: 12.5 }));
  });
});

const break4 = (): void => ensure(4, false, 12.5, () => "free 3 + used 4 of 8");
