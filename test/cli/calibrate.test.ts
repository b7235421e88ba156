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
    const [text, quiet, json, bad, noPrior, noName, missing, station, folderItself] = several(
      ["calibrate", steps, "--gpu", "h100", "--model", "llama-3.1-8b", "--out", entry],
      ["calibrate", steps, "--gpu", "h100", "--model", "llama-3.1-8b", "--out", entry, "--quiet"],
      ["calibrate", steps, "--format", "json"],
      ["calibrate", file("bad.csv", `${HEADER}1,2,x,0,5\n`)],
      ["calibrate", file("points.csv", "isl,osl,concurrency,ttft_ms,tpot_ms\n100,100,1,50,8\n")],
      ["calibrate", steps, "--out", join(folder, "none.json")],
      ["calibrate", join(folder, "absent.csv")],
      ["calibrate", steps, "--scenario", file("station.json", JSON.stringify(STATION))],
      ["calibrate", folder],
    );
    expect([text!.code, text!.stderr]).toEqual([0, `catalog entry in ${entry}, for engine.calibration of a scenario\n`]);
    expect([quiet!.code, quiet!.stderr]).toEqual([0, ""]);
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

  it("records of two replicas: a sample -> 104; named -> each has its own and the prior fits; unnamed -> 104 and what to add", () => {
    const scenario = file(
      "two.yaml",
      `name: two
horizon: 60s
traffic: { chat: { arrivals: { poisson: { rate: 20/s } }, prompt: 800, output: { uniform: [50, 450] } } }
fleet: { gpu: { gpu: H100, model: llama-3.1-8b, replicas: 2 } }
`,
    );
    const [ran, thin] = several(
      ["run", scenario, "--quiet", "--out", folder],
      ["run", scenario, "--quiet", "--records", "300", "--out", join(folder, "thin")],
    );
    expect([ran!.code, thin!.code]).toEqual([0, 0]);
    const named = join(folder, "requests.csv");
    const without = file("unnamed.csv", readFileSync(named, "utf8").replaceAll(/,gpu\/\d/g, ","));
    const [sampled, fit, text, unnamed, one] = several(
      ["calibrate", join(folder, "thin", "requests.csv"), "--scenario", scenario],
      ["calibrate", named, "--scenario", scenario, "--format", "json"],
      ["calibrate", named, "--scenario", scenario],
      ["calibrate", without, "--scenario", scenario],
      ["calibrate", without, "--scenario", scenario, "--set", "fleet.gpu.replicas=1", "--format", "json"],
    );
    expect(
      readFileSync(join(folder, "thin", "requests.csv"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(301);
    expect([sampled!.code, sampled!.stderr]).toEqual([104, expect.stringContaining("must have all requests of the run")]);
    const found = JSON.parse(fit!.stdout) as { replicas: number; prior: { tpotMean: number } };
    expect(found.replicas).toBe(2);
    expect(Math.abs(found.prior.tpotMean)).toBeLessThan(0.01);
    expect(text!.stdout).toContain("the prior is kept");
    expect([unnamed!.code, unnamed!.stderr]).toEqual([104, expect.stringContaining("add a column `replica`")]);
    expect(unnamed!.stderr).toContain("--set fleet.gpu.replicas=1");
    expect((JSON.parse(one!.stdout) as typeof found).prior.tpotMean).toBeGreaterThan(0.05);
  }, 60_000);

  it("--help -> each column that the readers ask for, with its unit", () => {
    const [help] = several(["calibrate", "--help"]);
    for (const [name, unit] of [
      ["kvTokens", "KV tokens"],
      ["ms", "ms"],
      ["concurrency", "requests in flight"],
      ["tpot_ms", "ms"],
      ["arrivalMs", "ms"],
      ["ttftMs, e2eMs", "ms"],
      ["queued_ts (or arrival_time)", "s"],
      ["first_token_ts, last_token_ts", "s"],
    ] as const) {
      const lines = help!.stdout.split("\n").filter((line) => line.trim().startsWith(`${name} `));
      expect(lines.join("\n").slice(name.length), name).toMatch(new RegExp(`\\b${unit}\\b`, "u"));
    }
  });

  const world = (name: string, pool: string): string =>
    file(
      `${name}.yaml`,
      `name: ${name}
horizon: 20s
traffic: { chat: { arrivals: { poisson: { rate: 5/s } }, prompt: 800, output: 50 } }
fleet: { gpu: { gpu: H100, ${pool} } }
`,
    );
  const ran = (name: string, pool: string): Array<string> => [
    "run",
    world(name, pool),
    "--format",
    "json",
    "--quiet",
    "--out",
    join(folder, name),
  ];
  const ttftOf = ({ stdout }: { readonly stdout: string }): number =>
    (JSON.parse(stdout) as { classes: ReadonlyArray<{ ttftMs: { mean: number } }> }).classes[0]!.ttftMs.mean;

  it("closed-loop points -> a pool with the entry has its first tokens later by the fitted time per request, unless it says otherwise", () => {
    const points = file("loop.csv", "isl,osl,concurrency,ttft_ms,tpot_ms\n1000,100,1,60,8\n1000,100,8,120,10\n2000,100,16,400,14\n");
    const entry = join(folder, "loop.json");
    const [text] = several(["calibrate", points, "--gpu", "h100", "--model", "llama-3.1-8b", "--out", entry]);
    const { requestOverhead } = JSON.parse(readFileSync(entry, "utf8")) as {
      requestOverhead: { perRequestMs: number; perPromptTokenMs: number };
    };
    expect(requestOverhead.perPromptTokenMs).toBe(0);
    expect(text!.stdout).toContain(`time per request beside the steps: ${requestOverhead.perRequestMs.toFixed(1)} ms; a pool with`);
    const calibrated = (more: string): string => `model: llama-3.1-8b, engine: { calibration: loop.json${more} }`;
    const [late, zero, given, frontend] = several(
      ran("late", calibrated("")),
      ran("zero", calibrated(', requestOverhead: { perRequest: "0ms" }')),
      ran("given", calibrated(', requestOverhead: { perRequest: "7ms" }')),
      ran("frontend", `${calibrated("")}, frontend: { cores: 64, perRequest: "0ms", perPromptToken: "0ms", perStreamedToken: "0ms" }`),
    );
    expect(ttftOf(late!) - ttftOf(zero!)).toBeCloseTo(requestOverhead.perRequestMs, 2);
    expect(ttftOf(given!) - ttftOf(zero!)).toBeCloseTo(7, 2);
    expect(ttftOf(frontend!)).toBe(ttftOf(zero!));
    expect(JSON.parse(late!.stdout)).toMatchObject({ pools: [{ requestOverhead: { perPromptTokenMs: 0 } }] });
    expect(JSON.parse(frontend!.stdout).pools[0]).not.toHaveProperty("requestOverhead");
  });

  it("a roofline under another engine -> the prior's time per request is the engine's, at the prompt of the first point", () => {
    const point = file("point.csv", "isl,osl,concurrency,ttft_ms,tpot_ms\n1000,100,1,300,8\n");
    const fits = several(
      ...["vllm", "sglang"].map((engine) => [
        "calibrate",
        point,
        "--gpu",
        "h100",
        "--model",
        "mistral-7b",
        "--engine",
        engine,
        "--format",
        "json",
      ]),
    );
    const [vllm, sglang] = fits.map(({ stdout }) => (JSON.parse(stdout) as { requestMs: number }).requestMs);
    expect(sglang! / vllm!).toBeGreaterThan(3);
  });

  it("a run of a roofline pool -> replayed behind the pool's overhead, which the entry keeps", () => {
    const [simulated] = several(["run", world("run", "model: mistral-7b"), "--quiet", "--out", join(folder, "roofline")]);
    expect(simulated!.code).toBe(0);
    const entry = join(folder, "roofline.json");
    const [text] = several(["calibrate", join(folder, "roofline", "requests.csv"), "--scenario", join(folder, "run.yaml"), "--out", entry]);
    expect(text!.stdout).toContain("prompts reached the engine after 26.2ms and 2.16ms per 1,000 prompt tokens, as in the pool");
    expect(JSON.parse(readFileSync(entry, "utf8"))).toMatchObject({
      requestOverhead: { perRequestMs: 26.2, perPromptTokenMs: 0.00216 },
    });
    expect(text!.stdout).toMatch(/prior: mean TTFT [+-]?0\.[0-4]\d %/u);
  });
});
