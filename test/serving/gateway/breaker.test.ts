import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { pool, run, small } from "../SmallWorld.ts";

type Breaker = NonNullable<NonNullable<ScenarioInput["gateway"]>["breaker"]>;

const SLOW: Breaker = { trip: { time: { window: "3s", minCalls: 5, failures: 1, slow: 0.8 } }, slowCall: "2s", openFor: "30s" };
const STEADY = { arrivals: { poisson: { rate: "10/s" } }, prompt: 1, output: 1 } as const;

/** Attempts that the first of two servers got within 20 s; it hangs for longer than the run lasts. */
const atHanging = async (breaker: Breaker): Promise<number> => {
  const { result } = await run({
    name: "hanging",
    horizon: "20s",
    traffic: { web: STEADY },
    gateway: { router: "roundRobin", breaker },
    fleet: { hanging: { station: { service: "100s" } }, sound: { station: { service: "10ms" } } },
  });
  return result.pools[0]!.batch.max;
};

test("gateway breaker: a replica hangs for longer than the window -> after slowCall it is known, and gets nothing more", async () => {
  // Half of 10/s for 2 s, and the five that open it.
  expect(await atHanging(SLOW)).toBeLessThan(25);
  expect(await atHanging({ ...SLOW, trip: { time: { window: "3s", minCalls: 5, failures: 1 } }, slowCall: "2s" })).toBeGreaterThan(80);
});

test("client breaker: the backend hangs for longer than the window -> after slowCall nothing more is sent", async () => {
  const { result } = await run({
    name: "hanging",
    horizon: "20s",
    traffic: { web: { ...STEADY, client: { breaker: SLOW } } },
    fleet: { hanging: { station: { service: "100s" } } },
  });
  expect(result.pools[0]!.batch.max).toBeLessThan(40);
  expect(result.gateway.clients!.blockedByBreaker).toBeGreaterThan(100);
});

test.each(["gateway", "client"] as const)(
  "%s breaker: answers begin at once and last 5 s -> slow by their end, not by their first token",
  async (side) => {
    const refused = async (slowBy: "end" | "firstToken"): Promise<number> => {
      const breaker = { ...SLOW, slowBy };
      const traffic = {
        chat: { ...STEADY, arrivals: { poisson: { rate: "3/s" } }, prompt: 100, output: 500, client: side === "client" ? { breaker } : {} },
      } as const;
      const gateway = side === "gateway" ? { breaker } : {};
      const { result } = await run(small(traffic.chat, { horizon: "20s", traffic, fleet: { gpu: pool() }, gateway }));
      return side === "gateway" ? result.gateway.breaker!.refused : result.gateway.clients!.blockedByBreaker;
    };
    expect(await refused("end")).toBeGreaterThan(0);
    expect(await refused("firstToken")).toBe(0);
  },
);
