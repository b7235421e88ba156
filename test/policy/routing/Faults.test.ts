import { expect, it } from "vitest";
import type { OutlierSettings, SlowStartSettings } from "../../../src/policy/routing/index.ts";
import {
  ConsistentHash,
  Ewma,
  LeastConnections,
  NginxRoundRobin,
  OutlierEjection,
  PrefixAffinity,
  RoundRobin,
} from "../../../src/policy/routing/index.ts";
import { SlowStart } from "../../../src/policy/routing/SlowStart.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

const positive = "a finite number > 0";
const ratio = "a finite number >= 0 <= 1";

it("routers: a setting out of bounds -> the fault that says what it must be", () => {
  const hash = { loadFactor: "a finite number >= 1, or Infinity", virtualNodes: "a whole number >= 1 <= 4096" };
  expectFaults("consistentHash", { loadFactor: 1, virtualNodes: 1 }, hash, (of) => new ConsistentHash(of));
  expectFaults("ewma", { decayMs: 1, peak: false }, { decayMs: positive }, (of) => new Ewma(of));
  expectFaults("peakEwma", { decayMs: 1, peak: true }, { decayMs: positive }, (of) => new Ewma(of));
  const sound = { maxFails: 1, failTimeoutMs: 10_000 };
  const maxFails = "a whole number >= 0 <= 2147483647";
  expectFaults("nginx", sound, { maxFails }, (of) => new NginxRoundRobin(of));
  expectFaults("leastConnections", sound, { maxFails }, (of) => new LeastConnections(of));
  for (const failTimeoutMs of [1500, -1000, 1000 * (365 * 86_400 + 1)]) {
    expect(faultOf(() => new NginxRoundRobin({ ...sound, failTimeoutMs }))).toEqual(
      new SettingFault("nginx.failTimeoutMs / 1000", "a whole number >= 0 <= 31536000", failTimeoutMs / 1000),
    );
  }
  for (const factor of [0.999, NaN]) {
    expect(faultOf(() => new PrefixAffinity(factor))).toEqual(new RangeError(`prefixAffinity.loadFactor: must be >= 1 (got ${factor})`));
  }
});

it("slowStart, outlierEjection: a setting out of bounds -> the fault that says what it must be", () => {
  const slow: SlowStartSettings = { windowMs: 60_000, aggression: 1, minimumRatio: 0.1 };
  const constraints = { windowMs: positive, aggression: positive, minimumRatio: "a finite number > 0 <= 1" };
  expectFaults("slowStart", slow, constraints, (of) => new SlowStart(new RoundRobin(), of));
  const outlier: OutlierSettings = {
    consecutiveFailures: 5,
    sweepMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    maxEjectedRatio: 0.1,
    panicRatio: 0.5,
  };
  const bounds = {
    consecutiveFailures: "a whole number >= 1 <= 1073741824",
    sweepMs: positive,
    baseEjectionMs: positive,
    maxEjectionMs: "a finite number >= 30000",
    maxEjectedRatio: ratio,
    panicRatio: ratio,
  };
  expectFaults("outlierEjection", outlier, bounds, (of) => new OutlierEjection(new RoundRobin(), of));
});
