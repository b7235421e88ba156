import type { Reference } from "./Reference.ts";
import { near, play } from "./Reference.ts";

const SOURCE = "Brooker, Fixing retries with token buckets and circuit breakers, 28 Feb 2022; exact by the geometric series";

/** 1,000 requests/s for 10 s; each attempt fails with probability f; up to three retries. The load is (1 - f^4) / (1 - f). */
const CASES = [
  { failures: 0.1, load: 1.111, tolerance: 0.01, success: 0.9999 },
  { failures: 0.2, load: 1.248, tolerance: 0.017, success: 0.9984 },
  { failures: 0.5, load: 1.875, tolerance: 0.032, success: 0.9375 },
  { failures: 0.75, load: 2.734, tolerance: 0.038, success: 0.6836 },
] as const;

export const retryAmplification: Reference = {
  title: "retries without bound: load and success by failure probability",
  source: SOURCE,
  quick: true,
  findings: async () => {
    const found = await Promise.all(
      CASES.map(async ({ failures, load, tolerance, success }) => {
        const { result } = await play({
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
              client: { retry: { attempts: 4, backoff: "0s", maxBackoff: "0s", jitter: "none" } },
            },
          },
          fleet: { backend: { station: { service: "1ms", failures } } },
        });
        const { requests, attempts, outcomes } = result.classes[0]!;
        return [
          near(`load at f = ${failures}`, load, tolerance, attempts / requests),
          near(`success at f = ${failures}`, success, 0.014, outcomes.completed / requests),
        ];
      }),
    );
    return found.flat();
  },
};
