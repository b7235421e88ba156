import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { mean, near, play } from "./Reference.ts";

const SERVICE = { exponential: { mean: "1s" } } as const;

export const openAgainstClosed: Reference = {
  title: "the same throughput from a closed loop of ten users and from an open stream: the closed loop hides the queue",
  source: "mean-value analysis (Reiser and Lavenberg 1980) and M/M/1",
  quick: true,
  findings: async () => {
    const world = (arrivals: ScenarioInput["traffic"][string]["arrivals"]): ScenarioInput => ({
      name: "open-closed",
      horizon: "200000s",
      warmup: "2000s",
      traffic: { web: { arrivals: arrivals!, prompt: 1, output: 1 } },
      fleet: { server: { station: { servers: 1, service: SERVICE } } },
    });
    const closed = (await play(world({ closed: { users: 10, think: { exponential: { mean: "10s" } } } }))).result.classes[0]!;
    const open = (await play(world({ poisson: { rate: "0.7854/s" } }))).result.classes[0]!;
    return [
      near("closed: throughput, per s", 0.7854, 0.7854 * 0.02, closed.throughputPerSecond),
      near("closed: mean time, s", 2.732, 2.732 * 0.02, closed.e2eMs.mean! / 1000),
      near("open: mean time, s", 4.66, 4.66 * 0.05, open.e2eMs.mean! / 1000),
    ];
  },
};

const ROUTERS = ["random", "powerOfTwo", "leastOutstanding", "roundRobin"] as const;

/** Mean time in the system at 50 servers, by load and router: best of two by Mitzenmacher's model, the rest by simulation elsewhere. */
const MEAN_TIMES: ReadonlyArray<readonly [load: number, ...times: ReadonlyArray<number>]> = [
  [0.7, 3.337, 1.618, 1.005, 1.899],
  [0.9, 10.051, 2.652, 1.167, 5.182],
];

const meanTime = async (load: number, router: (typeof ROUTERS)[number]): Promise<number> => {
  const times: Array<number> = [];
  for (let seed = 1; seed <= 2; seed++) {
    const { result } = await play(
      {
        name: "balancers",
        horizon: "7000s",
        warmup: "1000s",
        traffic: { web: { arrivals: { poisson: { rate: `${50 * load}/s` } }, prompt: 1, output: 1 } },
        gateway: { router },
        fleet: { servers: { station: { servers: 1, service: SERVICE }, replicas: 50 } },
      },
      seed,
    );
    times.push(result.classes[0]!.e2eMs.mean! / 1000);
  }
  return mean(times);
};

export const balancers: Reference = {
  title: "50 servers behind a balancer: mean time in the system, in service times",
  source: "Mitzenmacher 2001 for two choices; simulation with 50 servers for the others",
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [load, ...times] of MEAN_TIMES) {
      for (const [i, router] of ROUTERS.entries()) {
        const tolerance = router === "random" || router === "roundRobin" ? 0.05 : 0.02;
        found.push(near(`${router} at ${load}`, times[i]!, times[i]! * tolerance, await meanTime(load, router)));
      }
    }
    return found;
  },
};

export const hedging: Reference = {
  title: "a second copy after d = 1 s, exponential service of mean 1 s: P(time > d + x) = (1 - F(d + x)) (1 - F(x))",
  source: "Dean and Barroso, The Tail at Scale, CACM 2013; independent copies",
  quick: true,
  findings: async () => {
    const simulated = await play({
      name: "hedging",
      horizon: "10000s",
      traffic: {
        web: { arrivals: { poisson: { rate: "10/s" } }, prompt: 1, output: 1, client: { hedge: { after: "1s", attempts: 2 } } },
      },
      fleet: { servers: { station: { service: SERVICE } } },
    });
    const times = simulated.sample.flatMap(({ e2eMs }) => (e2eMs === null ? [] : [e2eMs]));
    const beyond = (ms: number): number => times.filter((time) => time > ms).length / times.length;
    const { attempts, requests } = simulated.result.classes[0]!;
    const expected = (x: number): number => Math.exp(-(1 + x)) * Math.exp(-x);
    return [
      near("share beyond 1.5 s", expected(0.5), expected(0.5) * 0.03, beyond(1500)),
      near("share beyond 2 s", expected(1), expected(1) * 0.05, beyond(2000)),
      near("further attempts per request", Math.exp(-1), Math.exp(-1) * 0.02, attempts / requests - 1),
    ];
  },
};
