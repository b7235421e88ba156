import { describe, expect, test } from "vitest";
import { mmc } from "../../../src/queueing/ErlangC.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { describeWorld } from "../../../src/report/terminal/describeWorld.ts";
import { renderTerminal } from "../../../src/report/terminal/renderTerminal.ts";
import { column, outcomesOf, pool, run, worldOf } from "../SmallWorld.ts";

const world = (station: NonNullable<ScenarioInput["fleet"][string]["station"]>, changes: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: "station",
  horizon: "10s",
  traffic: { web: { arrivals: { closed: { users: 4, think: "100h" } }, prompt: 1, output: 1 } },
  fleet: { server: { station } },
  ...changes,
});

describe("station", () => {
  test("two servers, four requests of 1 s each at once -> two end after 1 s, two after 2 s", async () => {
    const simulated = await run(world({ servers: 2, service: "1s" }));
    expect(column(simulated, "e2eMs")).toEqual([1000, 1000, 2000, 2000]);
    expect(column(simulated, "queueWaitMs")).toEqual([0, 0, 1000, 1000]);
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(0.2, 6);
  });

  test("report and check -> a station in words of its own: no KV, no GPU, no prefix cache; a gate on its KV is inconclusive", async () => {
    const authored = world({ servers: 2, service: "1s", maxWaiting: 5 }, { gates: ["fleet.server.kv.max < 90%"] });
    const { result } = await run(authored);
    expect(result.pools[0]).toMatchObject({ kv: null, gpus: 0, resources: { gpuMemory: null, bottleneck: null } });
    expect(result.gates[0]).toMatchObject({ value: null, verdict: "inconclusive" });
    const text = renderTerminal(result, { color: false, width: 100 });
    expect(text).toMatch(/server: 1 station · service time given in the scenario/u);
    expect(text).not.toMatch(/KV in use|GPUs|prefix hits|preempted|none|replica of/u);
    expect(describeWorld(worldOf(authored), "a.yaml")).toMatch(
      /fleet server: 1 x station of 2 servers and room for 5 that wait; service time given/u,
    );
    expect(describeWorld(worldOf(world({ service: "1s" })), "a.yaml")).not.toMatch(/KV|none/u);
  });

  test("a station beside engines -> its row has a dash where engines have KV and GPUs", async () => {
    const { result } = await run(
      world({ servers: 2, service: "1s" }, { fleet: { server: { station: { service: "1s" } }, engines: pool() } }),
    );
    const text = renderTerminal(result, { color: false, width: 110 });
    expect(text).toMatch(/^ {2}server +–.*– +– +\$0$/mu);
    expect(text).toMatch(/KV in use/u);
  });

  test("no bound on servers, 100 ms more for each attempt in service -> each starts at once and takes the longer", async () => {
    const simulated = await run(world({ service: "1s", perInFlight: "100ms" }));
    expect(column(simulated, "e2eMs")).toEqual([1000, 1100, 1200, 1300]);
  });

  test("room for one to wait -> the fourth is shed", async () => {
    expect(outcomesOf(await run(world({ servers: 2, service: "1s", maxWaiting: 1 })))).toEqual({ completed: 3, shed: 1 });
  });

  test("every attempt fails -> no answer, and the time was spent all the same", async () => {
    const simulated = await run(world({ servers: 1, service: "1s", failures: 1 }));
    expect(outcomesOf(simulated)).toEqual({ failed: 4 });
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(0.4, 6);
  });

  test("the users hang up after 500 ms -> their servers are free for others; when the server goes on they are not", async () => {
    const impatient = {
      web: { arrivals: { closed: { users: 4, think: "100h" } }, prompt: 1, output: 1, client: { deadline: "1500ms" } },
    } as const;
    const cancel = await run(world({ servers: 1, service: "1s" }, { traffic: impatient }));
    expect(outcomesOf(cancel)).toEqual({ completed: 1, expired: 3 });
    expect(cancel.result.pools[0]!.utilization).toBeCloseTo(0.15, 6);
    const goesOn = await run(world({ servers: 1, service: "1s" }, { traffic: impatient, gateway: { onDisconnect: "continue" } }));
    expect(goesOn.result.pools[0]!.utilization).toBeCloseTo(0.4, 6);
  });

  test("a server down from 500 ms to 3 s -> what it holds fails", async () => {
    const faults = [{ replicaDown: { pool: "server", replicas: 1, at: "500ms", for: "2500ms" } }] as const;
    expect(outcomesOf(await run(world({ servers: 2, service: "1s" }, { faults })))).toEqual({ failed: 4 });
  });

  test("M/M/4 at 80 % -> Erlang C's mean wait within 5 %", async () => {
    const simulated = await run(
      world(
        { servers: 4, service: { exponential: { mean: "100ms" } } },
        {
          horizon: "3000s",
          warmup: "50s",
          traffic: { web: { arrivals: { poisson: { rate: "32/s" } }, prompt: 1, output: 1 } },
        },
      ),
    );
    const expected = mmc({ arrivalsPerSecond: 32, serviceMeanMs: 100, servers: 4 }).queueWaitMeanMs;
    expect(simulated.result.classes[0]!.queueWaitMs.mean! / expected).toBeGreaterThan(0.95);
    expect(simulated.result.classes[0]!.queueWaitMs.mean! / expected).toBeLessThan(1.05);
  });
});
