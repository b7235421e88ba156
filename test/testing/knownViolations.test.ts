import { describe, expect, it } from "vitest";
import { SHIPPED_ADAPTERS } from "../../src/testing/adapters/ShippedAdapters.ts";
import { luaLimiter } from "../../src/testing/adapters/luaLimiter.ts";
import { circuitBreakerLaws } from "../../src/testing/breaker/circuitBreakerLaws.ts";
import { counterexampleText } from "../../src/testing/counterexampleText.ts";
import type { Law } from "../../src/testing/Law.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";
import type { RefusingAdapter } from "../../src/testing/limiter/RateLimiterAdapter.ts";
import { rateLimiterLaws } from "../../src/testing/limiter/rateLimiterLaws.ts";
import { KNOWN_VIOLATIONS } from "./KnownViolation.ts";
import type { KnownViolation } from "./KnownViolation.ts";

/** Keys of a real server expire in real time, which histories do not wait for. */
const LIVE = process.env["SPILLWAY_LIVE"] === "1";
const SEEDS = process.env["SPILLWAY_LONG"] === "1" ? [1, 2, 3, 4, 5] : [1];

const lawsFor = async (known: KnownViolation): Promise<ReadonlyArray<Law>> => {
  const adapter = await SHIPPED_ADAPTERS.get(known.adapter)!();
  if (adapter.family === "breaker") return circuitBreakerLaws(adapter, { ...adapter.spec, ...known.breaker });
  return adapter.family === "limiter" ? rateLimiterLaws(adapter, { ...adapter.spec, ...known.limiter }) : lawsOf(adapter);
};

const lawNamed = (laws: ReadonlyArray<Law>, name: string): Law => {
  const law = laws.find((one) => `${one.id}${one.part === undefined ? "" : ` ${one.part}`}` === name)!;
  return law.full ?? law;
};

describe("known violations", () => {
  for (const known of KNOWN_VIOLATIONS)
    for (const seed of SEEDS)
      it(`${known.id}: ${known.adapter}, ${known.law}, seed ${seed} -> found, at most ${known.operations} operations`, async () => {
        const report = await lawNamed(await lawsFor(known), known.law).report({ seed, runs: 5000 });
        expect(report.counterexample, counterexampleText(report)).toBeDefined();
        expect(report.counterexample!.operations, counterexampleText(report)).toBeLessThanOrEqual(known.operations);
      });

  it("a popular Lua token bucket: refusals -> one without need, in four calls and two ticks; under saturation -> permits lost", async () => {
    const adapter = await luaLimiter("test/fixtures/lua/token-bucket.lua");
    const laws = rateLimiterLaws(adapter);
    const refusals = await lawNamed(laws, "L-13 refusals").report({ runs: 2000 });
    expect(refusals.counterexample!.operations, counterexampleText(refusals)).toBeLessThanOrEqual(6);
    expect((await lawNamed(laws, "L-13 rate").report()).counterexample).toBeDefined();
    expect((await lawNamed(laws, "L-14").report()).counterexample).toBeDefined();
    expect((await lawNamed(laws, "L-12").report()).counterexample!.operations).toBeLessThanOrEqual(4);
    await adapter.close?.();
  });

  it.skipIf(LIVE)("a popular Lua token bucket -> its keys stay for ever", async () => {
    const laws = rateLimiterLaws(await luaLimiter("test/fixtures/lua/token-bucket.lua"));
    expect((await lawNamed(laws, "L-16").report()).counterexample!.operations).toBeLessThanOrEqual(2);
  });

  it.skipIf(LIVE)("a sliding log on its callers' clocks, with a time to live -> its keys go; its bound falls with the clocks", async () => {
    const laws = rateLimiterLaws(await luaLimiter("test/fixtures/lua/sliding-log.lua"));
    expect((await lawNamed(laws, "L-16").report({ runs: 200 })).counterexample).toBeUndefined();
    expect((await lawNamed(laws, "L-1 clocks").report({ runs: 200 })).counterexample!.operations).toBeLessThanOrEqual(5);
  });

  // nginx, ngx_http_limit_req_module.c of revision 021a9df; later ones count a step back as no time.
  it("K-18: limit_req takes the absolute value of the time that passed -> a step back gives credit, in three operations", async () => {
    const [perSecond, burst] = [2, 1];
    const drained: RefusingAdapter = {
      family: "limiter",
      behavior: "refuses",
      name: "limit_req",
      laboratory: { answering: "sync" },
      features: {},
      spec: {
        limit: burst + 1,
        windowMs: 1000,
        bound: { bucket: { capacity: burst + 1, perSecond } },
        fullAfterMs: 1000,
        exact: true,
      },
      make: (_settings, laboratory) => {
        let [excess, lastMs] = [-1000, laboratory.nowMs()];
        return {
          consume: () => {
            const nowMs = laboratory.nowMs();
            const next = Math.max(0, excess - perSecond * Math.abs(nowMs - lastMs) + 1000);
            if (next > burst * 1000) return { admitted: false };
            [excess, lastMs] = [next, nowMs];
            return { admitted: true };
          },
        };
      },
    };
    for (const seed of SEEDS) {
      const report = await lawNamed(rateLimiterLaws(drained), "L-1 clocks").report({ seed, runs: 5000 });
      expect(report.counterexample!.operations, counterexampleText(report)).toBeLessThanOrEqual(3);
    }
  });

  it("counterexample: replayed by seed and paths -> the same history", async () => {
    const law = lawNamed(await lawsFor(KNOWN_VIOLATIONS[0]!), "B-4");
    const { counterexample } = await law.report({ seed: 3 });
    const { seed, path, replayPath } = counterexample!;
    const again = await law.report({ seed, path, replayPath });
    expect(again.counterexample!.timeline).toEqual(counterexample!.timeline);
  });
});
