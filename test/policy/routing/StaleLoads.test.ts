import { expect, it } from "vitest";
import type { RouterPolicy } from "../../../src/policy/routing/index.ts";
import { LeastOutstanding, PowerOfTwo, RandomChoice } from "../../../src/policy/routing/index.ts";
import { drawsOf, fleetOf, request } from "./Fleet.ts";

const SERVERS = 20;
const UTILIZATION = 0.9;

/** Mean time in system over exponential service of mean 1, when the router sees loads that are up to `ageOf` old: they are copied at multiples of it. */
function meanTime(router: RouterPolicy, ageOf: number): number {
  const draw = drawsOf(99);
  const exponential = (mean: number) => -mean * Math.log(1 - draw());
  const freeAt = new Float64Array(SERVERS);
  const ends: Array<Array<number>> = Array.from({ length: SERVERS }, () => []);
  const seen = fleetOf(Array.from({ length: SERVERS }, () => ({})));
  let [now, copied, total, jobs] = [0, -1, 0, 0];
  while (jobs < 60_000) {
    now += exponential(1 / (UTILIZATION * SERVERS));
    const copy = ageOf === 0 ? -2 : Math.floor(now / ageOf);
    if (copy !== copied) {
      const at = ageOf === 0 ? now : copy * ageOf;
      ends.forEach((list, server) => {
        while (list.length > 0 && list[0]! <= at) list.shift();
        seen.outstanding[server] = list.length;
      });
      copied = ageOf === 0 ? -1 : copy;
    }
    const server = router.pick(seen, request(), draw, now);
    freeAt[server] = Math.max(now, freeAt[server]!) + exponential(1);
    ends[server]!.push(freeAt[server]!);
    total += freeAt[server]! - now;
    jobs++;
  }
  return total / jobs;
}

it("balancers: loads of growing age -> best of all herds, best of two is best in between, random does not care", () => {
  const times = (age: number) =>
    [new LeastOutstanding(), new PowerOfTwo(), new RandomChoice()].map((router) => meanTime(router, age)) as [number, number, number];
  const [all, two, random] = times(0);
  expect(all < two && two < random).toBe(true);
  const [herding, twoStale, randomStale] = times(10);
  expect(twoStale).toBeLessThan(randomStale);
  expect(herding).toBeGreaterThan(3 * all);
  expect(Math.abs(randomStale / random - 1)).toBeLessThan(0.3);
});
