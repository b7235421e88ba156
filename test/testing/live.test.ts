import { afterAll, describe, expect, it } from "vitest";
import { luaLimiter } from "../../src/testing/adapters/luaLimiter.ts";
import { upstashLimiters } from "../../src/testing/adapters/upstashLimiters.ts";
import { counterexampleText } from "../../src/testing/counterexampleText.ts";
import { rateLimiterLaws } from "../../src/testing/limiter/rateLimiterLaws.ts";
import type { RateLimiterSpec } from "../../src/testing/limiter/RateLimiterSpec.ts";

const LIVE = process.env["SPILLWAY_LIVE"] === "1";

const TEN: Partial<RateLimiterSpec> = { limit: 10, windowMs: 10_000, bound: { window: { limit: 10, ms: 10_000 } } };

/** Id, adapter, law, operations of the known counterexample, settings. */
const KNOWN: ReadonlyArray<readonly [string, string, string, number, Partial<RateLimiterSpec>?]> = [
  ["K-12", "upstash-token-bucket", "L-1 clocks", 3],
  ["K-13", "upstash-token-bucket", "L-12", 4],
  ["K-14", "upstash-token-bucket", "L-2", 3],
  ["K-14", "upstash-fixed-window", "L-2", 3],
  ["K-14", "upstash-sliding-window", "L-2", 3],
  ["K-15", "upstash-sliding-window", "L-13 rate", 1],
  ["K-16", "upstash-fixed-window", "L-1", 21, TEN],
  ["K-16", "upstash-sliding-window", "L-1", 21, TEN],
];

describe.skipIf(!LIVE)("on a real Redis (SPILLWAY_LIVE=1)", () => {
  const loaded = LIVE ? upstashLimiters() : Promise.resolve([]);
  afterAll(async () => (await loaded)[0]?.close?.());

  for (const [id, name, wanted, operations, settings] of KNOWN)
    it(`${id}: ${name}, ${wanted} -> found, at most ${operations} operations`, async () => {
      const adapter = (await loaded).find((one) => one.name === name)!;
      const law = rateLimiterLaws(adapter, { ...adapter.spec, ...settings }).find(
        (one) => `${one.id}${one.part === undefined ? "" : ` ${one.part}`}` === wanted,
      )!;
      const report = await (law.full ?? law).report({ runs: 3000 });
      expect(report.counterexample, counterexampleText(report)).toBeDefined();
      expect(report.counterexample!.operations, counterexampleText(report)).toBeLessThanOrEqual(operations);
    });

  it("a popular Lua token bucket -> refuses without need there too", async () => {
    const adapter = await luaLimiter("test/fixtures/lua/token-bucket.lua");
    const law = rateLimiterLaws(adapter).find((one) => one.id === "L-13" && one.part === "refusals")!;
    const { counterexample } = await law.report({ runs: 3000 });
    await adapter.close?.();
    expect(counterexample!.operations).toBeLessThanOrEqual(6);
  });
});
