import { assert, integer, property, array, record } from "fast-check";
import { expect, test } from "vitest";
import { FluidServer } from "../../../src/serving/machine/FluidServer.ts";

/** One job after another, in order of arrival: when each is done. */
const naive = (jobs: ReadonlyArray<{ readonly atMs: number; readonly work: number }>, ratePerMs: number): Array<number> => {
  let freeMs = 0;
  return jobs.map(({ atMs, work }) => (freeMs = Math.max(freeMs, atMs) + work / ratePerMs));
};

const jobs = array(record({ gapMs: integer({ min: 0, max: 20 }), work: integer({ min: 0, max: 60 }) }), { minLength: 1, maxLength: 60 });

test("fluid server: jobs at instants -> each is done when a FIFO server that handles them one by one has done it", () => {
  assert(
    property(jobs, integer({ min: 1, max: 8 }), (gaps, rate) => {
      let atMs = 0;
      const list = gaps.map(({ gapMs, work }) => ({ atMs: (atMs += gapMs), work }));
      const server = new FluidServer({ ratePerMs: rate });
      const done = list.map((job) => {
        server.advance(job.atMs);
        return job.atMs + server.job(job.work);
      });
      naive(list, rate).forEach((expected, i) => expect(done[i]).toBeCloseTo(expected, 8));
    }),
  );
});

test("fluid server: a stream of small items between jobs -> the one-by-one server's delay, but for one item of each stream", () => {
  const steps = array(record({ lengthMs: integer({ min: 1, max: 50 }), items: integer({ min: 0, max: 200 }) }), {
    minLength: 1,
    maxLength: 30,
  });
  assert(
    property(steps, (streams) => {
      const work = 0.25;
      const server = new FluidServer({ ratePerMs: 1 });
      let nowMs = 0;
      let freeMs = 0;
      for (const { lengthMs, items } of streams) {
        for (let i = 1; i <= items; i++) freeMs = Math.max(freeMs, nowMs + (lengthMs * (i - 0.5)) / items) + work;
        nowMs += lengthMs;
        server.advance(nowMs, items * work);
        // What is half an item early or late cannot add up: the backlog is a running maximum.
        expect(Math.abs(server.delayMs - Math.max(0, freeMs - nowMs))).toBeLessThanOrEqual(work + 1e-9);
      }
    }),
  );
});

test("fluid server: whatever arrives -> work done and backlog together are the work that came", () => {
  assert(
    property(jobs, (gaps) => {
      const server = new FluidServer({ ratePerMs: 3 });
      let nowMs = 0;
      let came = 0;
      for (const { gapMs, work } of gaps) {
        server.advance((nowMs += gapMs), gapMs === 0 ? 0 : work);
        came += gapMs === 0 ? 0 : work;
        server.job(work);
        came += work;
      }
      expect(server.done + server.delayMs * 3).toBeCloseTo(came, 6);
    }),
  );
});
