import fc from "fast-check";
import { expect, it } from "vitest";
import { LeakyMeter } from "../../../src/policy/limiter/index.ts";
import { addMs } from "./Histories.ts";

// Source: nginx 1.31.5, ngx_http_limit_req_module.c, ngx_http_limit_req_lookup: whole milliseconds, thousandths of a request.
it("leakyMeter: any calls and clock, rates of whole thousandths -> the decisions and the excess of nginx", () => {
  const gapMs = fc.constantFrom(0, 0, 1, 3, 0.4, 142, 143, 1000, 10_000, -1, -60_000, -60_001);
  fc.assert(
    fc.property(
      fc.constantFrom(0.5, 7, 33.333),
      fc.integer({ min: 0, max: 4 }),
      fc.array(gapMs, { minLength: 5, maxLength: 40, size: "max" }),
      (permitsPerSecond, burst, gaps) => {
        const meter = new LeakyMeter({ permitsPerSecond, burst });
        const rate = Math.round(permitsPerSecond * 1000);
        let nowMs = 1e9;
        const state = meter.open(nowMs);
        // Drained: one request less than nothing, so that the first one finds 0, as nginx' new node.
        let [excess, last] = [-1000, nowMs];
        for (const gap of gaps) {
          nowMs = addMs(nowMs, gap);
          const now = Math.floor(nowMs);
          let ms = now - last;
          if (ms < -60_000) ms = 1;
          else if (ms < 0) ms = 0;
          const next = Math.max(0, excess - Math.floor((rate * ms) / 1000) + 1000);
          const isBusy = next > burst * 1000;
          expect(meter.take(state, 1, nowMs) > 0).toBe(isBusy);
          if (isBusy) continue;
          if (ms !== 0) last = now;
          excess = next;
          expect([state.excess, state.atMs]).toEqual([excess, last]);
        }
      },
    ),
  );
});

it("leakyMeter: drained by as much as it holds -> idle, and no sooner", () => {
  const meter = new LeakyMeter({ permitsPerSecond: 10, burst: 4 });
  const state = meter.open(5);
  expect(meter.idleAtMs(state)).toBe(5);
  meter.take(state, 3, 5);
  expect(meter.idleAtMs(state)).toBe(305);
  expect([meter.remaining(state, 304), meter.remaining(state, 305), meter.waitMs(state, 5, 204.5)]).toEqual([4, 5, 100.5]);
});
