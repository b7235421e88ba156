import { expect, it } from "vitest";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";

const station = { service: "1s" };
const hpa = { target: { concurrency: 10 } };
const worldOf = (server: object, more: object = {}): object => ({
  name: "scaled",
  horizon: "1h",
  traffic: { web: { arrivals: { poisson: { rate: "1/s" } }, prompt: 1, output: 1 } },
  fleet: { server: { station, ...server } },
  ...more,
});
const decode = (server: object, more: object = {}) => decodeScenario(sourceOf(worldOf(server, more)));
const faults = (server: object, more: object = {}): ReadonlyArray<string> => {
  const decoded = decode(server, more);
  return decoded instanceof ScenarioFault ? decoded.message.split("\n").map((line) => line.replace(/^scenario /u, "")) : [];
};
const poolOf = (server: object) => {
  const decoded = decode(server);
  if (decoded instanceof ScenarioFault) throw decoded;
  return decoded.world.fleet[0]!;
};

it("autoscale: defaults -> those of Kubernetes; replicas begin at min, the fleet is as large as max", () => {
  const pool = poolOf({ autoscale: { min: 2, max: 9, hpa } });
  expect(pool).toMatchObject({ replicas: 9, initial: 2, startup: { pullMs: 0, loadMs: 0, warmMs: 0, drainTimeoutMs: 600_000 } });
  expect(pool.warnings.join()).toContain("ready at once");
  expect(pool.autoscale).toEqual({
    minReplicas: 2,
    maxReplicas: 9,
    intervalMs: 15_000,
    horizontal: {
      minReplicas: 2,
      maxReplicas: 9,
      targets: [{ metric: "concurrency", value: 10 }],
      tolerance: 0.1,
      scaleUp: {
        stabilizationMs: 0,
        policies: [
          { kind: "replicas", value: 4, periodMs: 15_000 },
          { kind: "ratio", value: 1, periodMs: 15_000 },
        ],
        select: "max",
      },
      scaleDown: { stabilizationMs: 300_000, policies: [{ kind: "ratio", value: 1, periodMs: 15_000 }], select: "max" },
    },
  });
});

it("autoscale: predictive -> looks ahead as far as a new replica takes, and one interval", () => {
  const pool = poolOf({
    startup: { compile: "2m", warmup: "30s" },
    autoscale: { max: 9, predictive: { perReplica: "5/s", history: "9/s" } },
  });
  expect(pool.warnings).toEqual([]);
  expect(pool.autoscale!.predictive).toMatchObject({
    leadMs: 165_000,
    slotMs: 900_000,
    seasonSlots: 96,
    perReplicaPerSecond: 5,
    marginRatio: 0.1,
    history: { kind: "constant", perSecond: 9 },
  });
});

it.each([
  [{ autoscale: { max: 4 } }, "must have at least one of hpa, scheduled, predictive"],
  [{ autoscale: { min: 5, max: 4, hpa } }, "autoscale.min must be at most max, 4"],
  [{ replicas: 5, autoscale: { max: 4, hpa } }, "fleet.server.replicas must be from autoscale.min to autoscale.max, 1 to 4 (5)"],
  [{ autoscale: { max: 4, hpa: { target: {} } } }, "target must have at least one of utilization, concurrency"],
  [{ autoscale: { max: 4, hpa: { target: { concurrency: 0 } } } }, "concurrency must be above 0"],
  [{ autoscale: { max: 4, hpa: { target: { utilization: "0%" } } } }, "utilization must be above 0%"],
  [{ autoscale: { max: 4, interval: "10ms", hpa } }, "interval must be at least 1s"],
  [{ autoscale: { max: 4, hpa: { ...hpa, scaleDown: { stabilization: "2h" } } } }, "stabilization must be at most 1h"],
  [{ autoscale: { max: 4, hpa: { ...hpa, scaleUp: { policies: [{ percent: 10, period: "2h" }] } } } }, "period must be at most 30m"],
  [{ autoscale: { max: 4, scheduled: [{ at: "08:00", replicas: 5 }] } }, "scheduled[0].replicas must be from min to max, 1 to 4 (5)"],
  [{ autoscale: { max: 4, scheduled: [{ at: "25:00", replicas: 4 }] } }, "scheduled[0].at"],
  [{ autoscale: { max: 4, predictive: { perReplica: "1/s", slot: "7m" } } }, "season must be a whole number of slots"],
  [{ autoscale: { max: 4, predictive: { perReplica: "1/s", lead: "25h" } } }, "lead must be at most 1d"],
  [{ initial: 1, replicas: 1, autoscale: { max: 4, hpa } }, "initial must not be together with autoscale"],
  [{ autoscale: { max: 4, hap: hpa } }, "autoscale.hap unknown key"],
])("autoscale: %j -> a fault that says what is wrong", (server, text) => {
  expect(faults(server).join("\n")).toContain(text);
});

it("autoscale: classes that start at different hours -> the schedule must say its own", () => {
  const at = (startHour: number) => {
    const shares = Array.from({ length: 24 }, () => 1);
    return { arrivals: { poisson: { rate: { diurnal: { mean: "1/s", shares, startHour } } } }, prompt: 1, output: 1 };
  };
  const traffic = { one: at(7), other: at(8) };
  const autoscale = { max: 4, scheduled: [{ at: "08:00", replicas: 4 }] };
  expect(faults({ autoscale }, { traffic }).join()).toContain("startHour is missing: traffic starts at different hours: 7, 8");
  expect(faults({ autoscale: { ...autoscale, startHour: 7 } }, { traffic })).toEqual([]);
  expect(faults({ autoscale }, { traffic: { one: at(7) } })).toEqual([]);
});

it("autoscale: faults -> may strike as many replicas as there can be, and drain without a startup", () => {
  const strike = (replicas: number) => [{ drain: { pool: "server", replicas, at: "1m", for: "1m" } }];
  expect(faults({ autoscale: { max: 4, hpa } }, { faults: strike(4) })).toEqual([]);
  expect(faults({ autoscale: { max: 4, hpa } }, { faults: strike(5) }).join()).toContain("must be at most 4");
});
