import { expect, it } from "vitest";
import { LeakyQueue } from "../../../src/policy/limiter/index.ts";

const SETTINGS = { permits: 10, perMs: 1000, length: 3 };

it("leakyQueue: the first one waits while others come and go -> their places are used again, in order", () => {
  const queue = new LeakyQueue(SETTINGS);
  queue.release(0);
  expect([queue.name, queue.join(), queue.join(), queue.join()]).toEqual(["leakyQueue", 0, 1, 2]);
  for (let ticket = 3; ticket < 40; ticket++) {
    expect([queue.leave(ticket - 2), queue.leave(ticket - 2), queue.join(), queue.waiting]).toEqual([true, false, ticket, 3]);
  }
  expect([queue.join(), queue.leave(5), queue.leave(40), queue.leave(-1)]).toEqual([-1, false, false, false]);
  expect([0, 100, 200, 300].map((nowMs) => queue.release(nowMs))).toEqual([0, 38, 39, -1]);
});

it("leakyQueue: an older reading -> until the same moment as before", () => {
  const queue = new LeakyQueue(SETTINGS);
  expect(queue.releaseInMs(0)).toBe(0);
  queue.join();
  queue.join();
  expect([queue.release(1000), queue.releaseInMs(1000), queue.releaseInMs(500), queue.release(500)]).toEqual([0, 100, 600, -1]);
  expect([queue.releaseInMs(1099.999), queue.release(1100)]).toEqual([0.001, 1]);
});
