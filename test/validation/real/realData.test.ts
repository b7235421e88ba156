import { describe, expect, it } from "vitest";
import { replayRun } from "../../../src/serving/calibration/replayRun.ts";
import { comparedRequests, catalogCoefficients } from "./rtx4090.ts";
import { recordedEngine, recordedRequests } from "./Rtx4090Run.ts";
import { mooncakeHits } from "./mooncake.ts";
import { ProfileTable } from "./ProfileTable.ts";
import { verdictOf } from "./Section.ts";
import { isShared } from "./SharedFile.ts";

const absent = !isShared("real-runs") || !isShared("traces");
if (absent) process.stderr.write("validation against real data: skipped: ../shared/data is absent\n");

describe.skipIf(absent)("real data", () => {
  it("a recorded vLLM run, profile tables and recorded settings -> TTFT, TPOT and e2e within their targets", () => {
    const recorded = recordedRequests();
    const engine = { ...recordedEngine(catalogCoefficients()), prefixCache: true, stepTable: new ProfileTable().asModel() };
    const rows = comparedRequests(recorded, replayRun(recorded, engine).records);
    expect(rows.filter((row) => verdictOf(row) === "FAIL")).toEqual([]);
    expect(rows.filter((row) => verdictOf(row) === "pass")).toHaveLength(4);
  });

  it("control: the same run with a twentieth of the KV blocks less -> outside the targets", () => {
    const recorded = recordedRequests();
    const engine = { ...recordedEngine(catalogCoefficients()), prefixCache: true, stepTable: new ProfileTable().asModel(), kvBlocks: 2458 };
    const rows = comparedRequests(recorded, replayRun(recorded, engine).records);
    expect(rows.filter((row) => verdictOf(row) === "FAIL").length).toBeGreaterThan(1);
  });

  it("Mooncake synthetic through the prefix cache -> the hit shares of an LRU cache", () => {
    const [small, middle, large] = mooncakeHits("synthetic", [1000, 10_000, 100_000]);
    expect(Math.abs(small! - 8.4)).toBeLessThan(0.25);
    expect(Math.abs(middle! - 43.1)).toBeLessThan(0.25);
    expect(Math.abs(large! - 65.1)).toBeLessThan(0.25);
  });
});
