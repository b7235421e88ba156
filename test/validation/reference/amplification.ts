import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { band, near, play } from "./Reference.ts";

type Client = NonNullable<ScenarioInput["traffic"][string]["client"]>;
type Retry = NonNullable<Client["retry"]>;

const AT_ONCE = { backoff: "0s", maxBackoff: "0s", jitter: "none" } as const;

/** A backend that fails always; 100 requests/s for 100 s. */
const failing = (client: Client, gateway: ScenarioInput["gateway"] = {}): ScenarioInput => ({
  name: "amplification",
  horizon: "110s",
  traffic: {
    web: {
      arrivals: {
        poisson: {
          rate: {
            piecewise: [
              ["0s", "100/s"],
              ["100s", "0/s"],
            ],
            interpolation: "step",
          },
        },
      },
      prompt: 1,
      output: 1,
      client,
    },
  },
  gateway: gateway!,
  fleet: { backend: { station: { service: "1ms", failures: 1 } } },
});

/** Attempts that reach the backend per request. */
const loadOf = async (client: Client, gateway?: ScenarioInput["gateway"]): Promise<number> => {
  const { result } = await play(failing(client, gateway));
  return result.pools[0]!.steps / result.classes[0]!.requests;
};

export const layers: Reference = {
  title: "layers that each try four times in front of a backend that is down: load per request",
  source: "4^layers, exact",
  quick: true,
  findings: async () => {
    const retry: Retry = { ...AT_ONCE, attempts: 4 };
    const hedge = { after: "1h", attempts: 4 } as const;
    return [
      near("one: the client's retries", 4, 0, await loadOf({ retry })),
      near("two: and the gateway's own", 16, 0, await loadOf({ retry }, { retry: { attempts: 4 } })),
      near("three: and a hedging library between them", 64, 0, await loadOf({ retry, hedge }, { retry: { attempts: 4 } })),
    ];
  },
};

/** Retries that a budget allows on the failing backend, of 100 requests/s for 100 s by one client: of each request, in 100 s, and saved up at the start. */
const BOUNDS: ReadonlyArray<
  readonly [name: string, budget: NonNullable<Retry["budget"]>, perRequest: number, floor: number, savedUp: number]
> = [
  ["10 % of the requests", { ratio: { ratio: 0.1, minRate: "0/s", ttl: "10s" } }, 0.1, 0, 0],
  ["20 % and 10/s", { ratio: { ratio: 0.2, minRate: "10/s", ttl: "10s" } }, 0.2, 1000, 100],
  ["all of the requests: linkerd at 1.0 doubles the load", { ratio: { ratio: 1, minRate: "0/s", ttl: "10s" } }, 1, 0, 0],
  ["a bucket of 5 that fills by 0.1", { bucket: { capacity: 5, ratio: 0.1 } }, 0.1, 0, 5],
];

export const budgetBounds: Reference = {
  title: "retry budgets on a backend that is down: load per request, never above the bound and within 3 % of it",
  source: "(1 + ratio) requests + floor + what was saved up; linkerd documentation; layers multiply",
  quick: true,
  findings: async () => {
    const found: Array<Finding> = [];
    const ofLayers = async (name: string, client: Client, gateway: ScenarioInput["gateway"], bound: (requests: number) => number) => {
      const { result } = await play(failing(client, gateway), 1, 0);
      const { requests } = result.classes[0]!;
      const most = bound(requests);
      found.push(band(name, `<= ${Number(most.toFixed(4))}`, most * 0.97, most, result.pools[0]!.steps / requests));
    };
    for (const [name, budget, perRequest, floor, savedUp] of BOUNDS) {
      const retry = { ...AT_ONCE, attempts: 100, budget };
      await ofLayers(name, { retry }, {}, (requests) => 1 + perRequest + (floor + savedUp) / requests);
    }
    const [, budget] = BOUNDS[0]!;
    await ofLayers(
      "two layers of 10 %: the client's and the gateway's",
      { retry: { ...AT_ONCE, attempts: 100, budget } },
      { retry: { attempts: 100, budget } },
      () => 1.1 ** 2,
    );
    return found;
  },
};

/** Further copies of so many requests that are all under way: each may have up to four. */
const copiesOf = async (requests: number): Promise<number> => {
  const { result } = await play({
    name: "active-budget",
    horizon: "10s",
    traffic: {
      web: {
        arrivals: { closed: { users: requests, think: "1h" } },
        prompt: 1,
        output: 1,
        client: {
          hedge: { after: "1s", attempts: 5 },
          retry: { ...AT_ONCE, attempts: 1, budget: { active: { ratio: 0.2, minConcurrency: 3 } } },
        },
      },
    },
    fleet: { backend: { station: { service: "1h" } } },
  });
  return result.classes[0]!.attempts - requests;
};

export const activeBudget: Reference = {
  title: "a budget of 20 % of the requests under way, at least 3: further copies of requests that hang",
  source: "Envoy, retry budget (pull request 9069)",
  quick: true,
  findings: async () => [near("25 under way", 5, 0, await copiesOf(25)), near("2 under way", 3, 0, await copiesOf(2))],
};

/** Sent per s by a client that throttles itself, of what it is asked for. */
const sent = async (perSecond: number, multiplier: number): Promise<number> => {
  const { result } = await play({
    name: "client-throttle",
    horizon: "240s",
    warmup: "40s",
    traffic: {
      web: {
        arrivals: { poisson: { rate: `${perSecond}/s` } },
        prompt: 1,
        output: 1,
        client: { throttle: { multiplier, window: "20s" } },
      },
    },
    fleet: { backend: { station: { service: "1ms", quota: { limit: 500, window: "5s" } } } },
  });
  const { completed, shed } = result.total.outcomes;
  return (completed + shed) / 200;
};

export const clientThrottle: Reference = {
  title: "a client that refuses by itself, in front of a backend of 100/s that refuses the rest: sent per s",
  source: "min(demand, K x capacity); Site Reliability Engineering, chapter 21",
  quick: true,
  findings: async () => [
    near("K = 1.1, demand 1,000/s", 110, 3.3, await sent(1000, 1.1)),
    near("K = 2, demand 400/s", 200, 6, await sent(400, 2)),
    near("K = 2, demand 150/s", 150, 4.5, await sent(150, 2)),
  ],
};

/** Requests admitted within 100 ms around 1 s by a limit of 10 per second. */
const aroundEdge = async (anchored: boolean, first = true): Promise<number> => {
  const { sample } = await play({
    name: "window-edge",
    horizon: "3s",
    traffic: {
      // The first request, at 0, begins an anchored window.
      ...(first ? { first: { arrivals: { closed: { users: 1, think: "1h" } }, prompt: 1, output: 1 } } : {}),
      rest: {
        arrivals: {
          poisson: {
            rate: {
              piecewise: [
                ["0s", "0/s"],
                ["950ms", "5000/s"],
                ["1050ms", "0/s"],
              ],
              interpolation: "step",
            },
          },
        },
        prompt: 1,
        output: 1,
      },
    },
    gateway: { limits: [{ fixedWindow: { limit: 10, window: "1s", anchored } }] },
    fleet: { backend: { station: { service: "1ms" } } },
  });
  return sample.filter((record) => record.class === "rest" && record.outcome === "completed").length;
};

export const windowEdge: Reference = {
  title: "a limit of 10 per second by windows: admitted within 100 ms around an edge",
  source: "2 L - 1 when one request began the window; 2 L with windows by the clock of which nothing was used",
  quick: true,
  findings: async () => [
    near("anchored at the first request: 2 L - 1", 19, 0, await aroundEdge(true)),
    near("by the clock, after one request: 2 L - 1", 19, 0, await aroundEdge(false)),
    near("by the clock: 2 L", 20, 0, await aroundEdge(false, false)),
  ],
};
