import { expect, it } from "vitest";
import { Laboratory } from "../../src/testing/Laboratory.ts";

const inside = async (body: (laboratory: Laboratory) => Promise<void>): Promise<void> => {
  const laboratory = new Laboratory({ answering: "turn" });
  laboratory.time.install();
  try {
    await body(laboratory);
  } finally {
    laboratory.time.uninstall();
  }
};

it("time: advanced -> Date, performance and timers move together, timers in order, each with its promises", () =>
  inside(async (laboratory) => {
    const seen: Array<string> = [];
    const startMs = Date.now();
    setTimeout(() => void Promise.resolve().then(() => seen.push(`b ${Date.now() - startMs}`)), 20);
    setTimeout(() => seen.push(`a ${performance.now()}`), 10);
    const every = setInterval(() => seen.push(`every ${new Date().getTime() - startMs}`), 15);
    clearTimeout(setTimeout(() => seen.push("never"), 5));
    await laboratory.advance(31);
    clearInterval(every);
    await laboratory.advance(1000);
    expect(seen).toEqual(["a 10", "every 15", "b 20", "every 30"]);
    expect(laboratory.elapsedMs).toBe(1031);
  }));

it("clock of one node: stepped -> only what that node reads jumps; timers and true time stay", () =>
  inside(async (laboratory) => {
    let fired = 0;
    setTimeout(() => fired++, 100);
    laboratory.stepClock(1, 3_600_000);
    expect(Date.now()).toBe(laboratory.nowMs(0));
    laboratory.selectNode(1);
    expect(Date.now() - laboratory.nowMs(0)).toBe(3_600_000);
    await laboratory.advance(99);
    expect([fired, performance.now()]).toEqual([0, 99]);
    await laboratory.advance(1);
    expect(fired).toBe(1);
  }));

it("timer: longer than 2^31-1 ms -> fires after 1 ms, as in Node", () =>
  inside(async (laboratory) => {
    let fired = 0;
    setTimeout(() => fired++, 2 ** 31);
    setTimeout(() => fired++, 2 ** 31 - 1);
    await laboratory.advance(1);
    expect(fired).toBe(1);
  }));

it("machine: after a history -> its own clock and timers again", async () => {
  const before = [Date, performance, setTimeout, clearTimeout, setInterval, clearInterval];
  await inside(async () => {
    expect(Date).not.toBe(before[0]);
  });
  expect([Date, performance, setTimeout, clearTimeout, setInterval, clearInterval]).toEqual(before);
});
