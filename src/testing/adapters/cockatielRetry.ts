import type { RetryAdapter } from "../retry/RetryAdapter.ts";
import { importPackage } from "./importPackage.ts";

/** cockatiel's retry policy with a constant backoff. */
export const cockatielRetry = async (): Promise<RetryAdapter> => {
  const { ConstantBackoff, handleAll, retry } = await importPackage("cockatiel", () => import("cockatiel"));
  return {
    family: "retry",
    name: "cockatiel-retry",
    version: "cockatiel 4.0.0",
    laboratory: { answering: "turn" },
    spec: { retries: 2, backoffMs: 10_000 },
    make: ({ retries, backoffMs }) => {
      const policy = retry(handleAll, { maxAttempts: retries, backoff: new ConstantBackoff(backoffMs) });
      return { execute: (attempt, { signal }) => policy.execute(attempt, signal) };
    },
  };
};
