import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decodeCalibration, isMistaken } from "../../src/serving/catalog/CalibrationEntry.ts";
import type { Outcome } from "./Several.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-calibrate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const several = (...lines: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<Outcome> =>
  JSON.parse(
    execFileSync(process.execPath, ["test/cli/Several.ts", JSON.stringify(lines)], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    }),
  ) as ReadonlyArray<Outcome>;

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const HEADER = "sequences,kvTokens,prefillTokens,context,ms\n";
const STEPS = [1, 4, 16, 64]
  .flatMap((sequences) => [100, 1000].flatMap((mean) => [0, 512].map((prefill) => [sequences, sequences * mean, prefill, 0] as const)))
  .map(([sequences, kv, prefill, context]) =>
    [sequences, kv, prefill, context, 10 + 0.05 * sequences + 1e-4 * kv + 0.05 * prefill].join(","),
  )
  .join("\n");

const STATION = {
  name: "station",
  horizon: "5s",
  traffic: { x: { arrivals: { poisson: { rate: "5/s" } }, prompt: 10, output: 5 } },
  fleet: { server: { station: { service: "10ms" } } },
};

describe("spillway calibrate", () => {
  it("a step log -> coefficients on stdout, an entry that a scenario can name; bad input -> exit 104 and its place", () => {
    const steps = file("steps.csv", HEADER + STEPS);
    const entry = join(folder, "entry.json");
    const [text, json, bad, noPrior, noName, missing, station, folderItself] = several(
      ["calibrate", steps, "--gpu", "h100", "--model", "llama-3.1-8b", "--out", entry],
      ["calibrate", steps, "--format", "json"],
      ["calibrate", file("bad.csv", `${HEADER}1,2,x,0,5\n`)],
      ["calibrate", file("points.csv", "isl,osl,concurrency,ttft_ms,tpot_ms\n100,100,1,50,8\n")],
      ["calibrate", steps, "--out", join(folder, "none.json")],
      ["calibrate", join(folder, "absent.csv")],
      ["calibrate", steps, "--scenario", file("station.json", JSON.stringify(STATION))],
      ["calibrate", folder],
    );
    expect([text!.code, text!.stderr]).toEqual([0, ""]);
    expect(text!.stdout).toContain("a  10.0000");
    const written: unknown = JSON.parse(readFileSync(entry, "utf8"));
    const decoded = decodeCalibration(written);
    expect(isMistaken(decoded)).toBe(false);
    expect(written).toMatchObject({ gpu: "h100", model: "llama-3.1-8b", coefficients: { a: 10, b: 0.05, c: 0.0001, d: 0.05 } });
    expect(JSON.parse(json!.stdout)).toMatchObject({ kind: "steps", count: 16, entry: null });
    expect([bad!.code, bad!.stderr]).toEqual([104, expect.stringContaining("bad.csv:2:5 prefillTokens must be a number (x)")]);
    expect([noPrior!.code, noPrior!.stderr]).toEqual([104, expect.stringContaining("need a prior: give --gpu and --model")]);
    expect([noName!.code, noName!.stderr]).toEqual([104, expect.stringContaining("--out needs --gpu and --model")]);
    expect([station!.code, station!.stderr]).toEqual([
      104,
      expect.stringMatching(/first pool server is a station, .*put a pool of GPUs first/),
    ]);
    expect([missing!.code, missing!.stderr]).toEqual([104, expect.stringMatching(/absent\.csv: no such file: give the path of a CSV/)]);
    expect([folderItself!.code, folderItself!.stderr]).toEqual([104, expect.stringMatching(/: is a folder: give the path of a CSV/)]);
  });

  it("a pool of two stages -> an entry with the pool's own tensor parallelism, which that pool takes without a warning", () => {
    const steps = file("stages.csv", HEADER + STEPS);
    const scenario = (name: string, more: object): string =>
      file(
        name,
        JSON.stringify({
          name: "stages",
          horizon: "5s",
          traffic: { x: { arrivals: { poisson: { rate: "5/s" } }, prompt: 10, output: 5 } },
          fleet: { a: { gpu: "H100", model: "llama-3.1-8b", parallelism: { tp: 2, pp: 2 }, ...more } },
        }),
      );
    const entry = join(folder, "stages-entry.json");
    const [fitted, checked] = several(
      ["calibrate", steps, "--scenario", scenario("stages.json", {}), "--out", entry],
      ["check", scenario("calibrated.json", { engine: { calibration: "stages-entry.json" } })],
    );
    expect([fitted!.code, checked!.code]).toEqual([0, 0]);
    expect(JSON.parse(readFileSync(entry, "utf8"))).toMatchObject({ tensorParallel: 2 });
    expect(checked!.stdout + checked!.stderr).not.toContain("tensorParallel");
  });
});
