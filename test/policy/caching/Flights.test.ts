import { describe, expect, it } from "vitest";
import { Flights, Left } from "../../../src/policy/caching/index.ts";

const flights = (): Flights<string> => new Flights({ maxLoads: 2, maxWaiters: 8, leaseMs: 100, onLeaderCancel: "keep" });

describe("flights", () => {
  it("the last waiter leaves while the end is handed out -> the flight is closed once, and its place is free once", () => {
    const some = flights();
    const flight = some.open("a", true, 0);
    some.join(flight, 1, true);
    const second = some.join(flight, 2, false);
    some.land(flight);
    expect(some.next(flight)).toBe(1);
    expect(some.leave(second, 0)).toBe(Left.Gone);
    expect(some.next(flight)).toBe(-1);
    expect(some.active).toBe(0);
    expect(some.open("b", true, 1) === some.open("c", true, 1)).toBe(false);
    expect(some.roomForLoad).toBe(false);
  });

  it("a waiter of a load that needs nobody leaves -> the load goes on, and others join it", () => {
    const some = flights();
    const flight = some.open("a", true, 0);
    some.keep(flight);
    expect(some.leave(some.join(flight, 1, false), 0)).toBe(Left.Gone);
    expect(some.current("a")).toBe(flight);
    const plain = some.open("b", true, 0);
    expect(some.leave(some.join(plain, 2, true), 0)).toBe(Left.Cancelled);
    expect(some.current("b")).toBe(-1);
  });

  it("a waiter's flight -> under its present id, also after a change of owner; -1 when it has left", () => {
    const some = flights();
    const flight = some.open("a", true, 0);
    const leader = some.join(flight, 1, true);
    const follower = some.join(flight, 2, false);
    expect(some.flightOf(follower)).toBe(flight);
    const next = some.dethrone(flight, 100);
    expect(some.flightOf(follower)).toBe(next);
    expect(some.flightOf(leader)).toBe(-1);
    expect(next).not.toBe(flight);
  });

  it("a load that nobody may join, one that landed -> not the key's current one", () => {
    const some = flights();
    some.open("a", false, 0);
    expect(some.current("a")).toBe(-1);
    const flight = some.open("b", true, 0);
    some.join(flight, 1, true);
    some.land(flight);
    expect(some.current("b")).toBe(-1);
  });

  it("handing over, the only caller leaves a load that needs nobody -> it goes on, without a leader", () => {
    const some = new Flights<string>({ maxLoads: 2, maxWaiters: 8, leaseMs: 100, onLeaderCancel: "handOver" });
    const flight = some.open("a", true, 0);
    some.keep(flight);
    expect([some.leave(some.join(flight, 1, true), 0), some.owns(flight), some.active]).toEqual([Left.Gone, true, 1]);
  });
});
