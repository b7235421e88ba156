import type { Simulated } from "../../../src/experiment/simulate.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { near, play } from "./Reference.ts";

type Budget = NonNullable<NonNullable<NonNullable<ScenarioInput["traffic"][string]["client"]>["retry"]>["budget"]>;

const SOURCE = "Brooker, Fixing retries with token buckets and circuit breakers, 28 Feb 2022; exact by the geometric series";

/** 1,000 requests/s for 10 s; each attempt fails with probability f; up to three retries. The load is (1 - f^4) / (1 - f). Tolerances are three standard deviations. */
const CASES = [
  { failures: 0.1, load: 1.111, tolerance: 0.01 },
  { failures: 0.2, load: 1.248, tolerance: 0.017 },
  { failures: 0.5, load: 1.875, tolerance: 0.032 },
  { failures: 0.75, load: 2.734, tolerance: 0.038 },
] as const;

const REQUESTS = 10_000;

/** Up to three retries at once, by clients that share 1,000 requests/s for 10 s evenly. */
const retried = (failures: number, budget?: { readonly budget: Budget; readonly clients: number }): Promise<Simulated> =>
  play({
    name: "retry-amplification",
    horizon: "11s",
    traffic: {
      web: {
        arrivals: {
          poisson: {
            rate: {
              piecewise: [
                ["0s", "1000/s"],
                ["10s", "0/s"],
              ],
              interpolation: "step",
            },
          },
        },
        prompt: 1,
        output: 1,
        client: {
          instances: budget?.clients ?? 1,
          retry: {
            attempts: 4,
            backoff: "0s",
            maxBackoff: "0s",
            jitter: "none",
            ...(budget === undefined ? {} : { budget: budget.budget }),
          },
        },
      },
    },
    fleet: { backend: { station: { service: "1ms", failures } } },
  });

export const retryAmplification: Reference = {
  title: "retries without bound: load and success by failure probability",
  source: SOURCE,
  quick: true,
  findings: async () => {
    const found = await Promise.all(
      CASES.map(async ({ failures, load, tolerance }) => {
        const success = 1 - failures ** 4;
        const { result } = await retried(failures);
        const { requests, attempts, outcomes } = result.classes[0]!;
        return [
          near(`load at f = ${failures}`, load, tolerance, attempts / requests),
          near(`success at f = ${failures}`, success, 3 * Math.sqrt((success * (1 - success)) / REQUESTS), outcomes.completed / requests),
        ];
      }),
    );
    return found.flat();
  },
};

const BUCKET: Budget = { bucket: { capacity: 5, ratio: 0.1 } };
const BREAKER: Budget = { failureBreaker: { failures: 0.1 } };

/** Load with budgets by failure probability and number of clients. */
const BUDGETS: ReadonlyArray<readonly [name: string, budget: Budget, failures: number, clients: number, load: number, tolerance: number]> =
  [
    ["bucket", BUCKET, 0.2, 100, 1.135, 0.003],
    ["bucket", BUCKET, 0.4, 100, 1.141, 0.003],
    ["bucket", BUCKET, 0.5, 100, 1.142, 0.003],
    ["bucket", BUCKET, 0.5, 10, 1.104, 0.02],
    ["bucket", BUCKET, 0.5, 1000, 1.485, 0.02],
    ["retry breaker", BREAKER, 0.1, 100, 1.031, 0.009],
    ["retry breaker", BREAKER, 0.2, 100, 1.003, 0.009],
    ["retry breaker", BREAKER, 0.3, 100, 1, 0.009],
    ["retry breaker", BREAKER, 0.5, 100, 1, 0.009],
    ["retry breaker", BREAKER, 0.05, 10, 1.05, 0.02],
    ["retry breaker", BREAKER, 0.05, 100, 1.038, 0.02],
    ["retry breaker", BREAKER, 0.05, 1000, 1.005, 0.02],
  ];

export const retryBudgets: Reference = {
  title: "retries with a budget per client: load by failure probability and number of clients",
  source: "Brooker, Fixing retries with token buckets and circuit breakers, 28 Feb 2022",
  quick: true,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [name, budget, failures, clients, load, tolerance] of BUDGETS) {
      const { requests, attempts } = (await retried(failures, { budget, clients })).result.classes[0]!;
      found.push(near(`${name}, ${clients} clients, f = ${failures}`, load, tolerance, attempts / requests));
    }
    return found;
  },
};
