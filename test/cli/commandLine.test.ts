import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scenarioJsonSchema } from "../../src/scenario/scenarioJsonSchema.ts";
import type { Outcome } from "./Several.ts";

const MAIN = "src/cli/main.ts";
const QUICK = "test/cli/fixtures/quick.ts";
const folder = mkdtempSync(join(tmpdir(), "spillway-cli-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts Node with these arguments; `onStderr` sees what it writes there. */
const node = (args: ReadonlyArray<string>, onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { env: { ...process.env, CI: "1", NODE_OPTIONS: "" } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text) => (stdout += String(text)));
    child.stderr.on("data", (text) => {
      stderr += String(text);
      onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.on("error", reject);
    child.on("close", (code, signal) =>
      code === null ? reject(new Error(`killed by ${signal}: ${stderr}`)) : resolve({ code, stdout, stderr }),
    );
  });

const NO_STACK = /^ {4}at /mu;

test("run --format json: the document alone on stdout, the same bytes as in the file, by the command and by the scenario itself", async () => {
  const out = join(folder, "quick");
  const options = ["--format", "json", "--seed", "7"];
  const [byCommand, byItself] = await Promise.all([
    node([MAIN, "run", QUICK, ...options, "--out", out]),
    node(["--import", "tsx", QUICK, ...options, "--quiet", "--out", join(folder, "itself")]),
  ]);
  expect(byCommand.stderr).toContain(out);
  expect(byCommand.code).toBe(0);
  const document = JSON.parse(byCommand.stdout) as { verdict: string; seed: number; repeat: string };
  expect(document).toMatchObject({ verdict: "pass", seed: 7, repeat: `npx spillway run ${QUICK} --seed 7` });
  expect(byItself).toEqual({ code: 0, stdout: byCommand.stdout, stderr: "" });

  expect(readdirSync(out).toSorted()).toEqual(["engine.json", "replicas.csv", "requests.csv", "summary.json", "timeline.csv"]);
  const read = (name: string): string => readFileSync(join(out, name), "utf8");
  expect(read("summary.json")).toBe(byCommand.stdout);
  expect(read("summary.json")).not.toMatch(/wallMs|cpuMs|rss|node_|platform|\/tmp/iu);
  expect(JSON.parse(read("engine.json"))).toMatchObject({ wallMs: expect.any(Number), cpuMs: expect.any(Number) });
  expect(read("timeline.csv").trim().split("\n")).toHaveLength(121);
  expect(read("requests.csv").startsWith("class,id,arrivalMs,")).toBe(true);
  for (const name of ["summary.json", "requests.csv", "timeline.csv", "replicas.csv"])
    expect(readFileSync(join(folder, "itself", name), "utf8")).toBe(read(name));
}, 60_000);

test("run: Ctrl-C -> 105, and the summary of what was simulated so far", async () => {
  const out = join(folder, "endless");
  let sent = false;
  const stopped = await node([MAIN, "run", "test/cli/fixtures/endless.ts", "--out", out], (stderr, kill) => {
    if (!sent && stderr.includes("started")) kill("SIGINT");
    sent ||= stderr.includes("started");
  });
  expect(stopped.code).toBe(105);
  expect(stopped.stdout).toContain("endless");
  expect(stopped.stdout).toContain("chat");
  expect(stopped.stdout).toMatch(/interrupted/iu);
  const summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as {
    interrupted: boolean;
    simulatedMs: number;
    total: { requests: number; outcomes: { [name: string]: number } };
  };
  expect(summary.interrupted).toBe(true);
  expect(summary.simulatedMs).toBeLessThan(864_000_000);
  expect(Object.values(summary.total.outcomes).reduce((sum, count) => sum + count, 0)).toBe(summary.total.requests);
}, 60_000);

test("check: all committed scenarios -> 0, each explained", async () => {
  const files = readdirSync("scenarios").filter((name) => name.endsWith(".ts"));
  const { code, stdout, stderr } = await node([MAIN, "check", ...files.map((name) => `scenarios/${name}`)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(files.length).toBeGreaterThanOrEqual(5);
  for (const name of files) expect(stdout).toContain(name.replace(/\.ts$/u, ""));
}, 60_000);

test("check: a setting that nothing reads -> 0, and a warning with its line", async () => {
  const idle = join(folder, "idle.yaml");
  writeFileSync(
    idle,
    [
      "name: idle",
      "horizon: 10s",
      "traffic:",
      "  web: { arrivals: { poisson: { rate: 1/s } }, prompt: 1, output: 1 }",
      "gateway:",
      "  store: { latency: 5ms }",
      "fleet:",
      "  server: { station: { service: 1s } }",
      "",
    ].join("\n"),
  );
  const { code, stderr } = await node([MAIN, "check", idle]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `warning: ${idle}:6:3 gateway.store has no effect: there are no limits to keep: add gateway.limits\n`,
  });
}, 60_000);

test("schema: the committed file -> what the code says", () => {
  expect(readFileSync("scenarios/scenario.schema.json", "utf8")).toBe(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
});

describe("exit codes", () => {
  const bad = join(folder, "bad.yaml");
  const trace = join(folder, "bad.csv");
  const out = join(folder, "codes");
  writeFileSync(bad, "name: bad\nhorizon: 10\ntraffic: {}\nflet: {}\n");
  writeFileSync(trace, readFileSync("test/fixtures/traces/malformed/bad-month.csv"));
  const commands = {
    help: ["--help"],
    runHelp: ["run", "--help"],
    version: ["--version"],
    failing: ["run", QUICK, "--set", "gates=[chat.goodput.ratio > 0.9, chat.ttft.p50 < 1ms]", "--out", out],
    // Answers of one token have no time per output token.
    noEvidence: ["run", QUICK, "--set", "gates=[chat.tpot.p99 < 1s]", "--set", "traffic.chat.output=1", "--out", out],
    failingAndNoEvidence: [
      "run",
      QUICK,
      "--set",
      "gates=[chat.tpot.p99 < 1s, chat.ttft.p50 < 1ms]",
      "--set",
      "traffic.chat.output=1",
      "--out",
      out,
    ],
    malformed: ["run", bad, "--out", out],
    checkMalformed: ["check", bad, QUICK],
    absent: ["run", join(folder, "absent.ts"), "--out", out],
    unknownOption: ["run", QUICK, "--sede", "7"],
    noFile: ["run"],
    unknownCommand: ["rum", QUICK],
    settingWithoutValue: ["run", QUICK, "--set", "fleet"],
    unknownSetting: ["run", QUICK, "--set", "fleet.gpu.replica=2", "--out", out],
    wrongSetting: ["run", QUICK, "--set", "horizon=5", "--out", out],
    wrongSeed: ["run", QUICK, "--seed", "x"],
    noReplications: ["run", QUICK, "--replications", "0"],
    malformedTrace: ["run", "scenarios/trace-replay.ts", "--set", `traffic.chat.trace=${trace}`, "--out", out],
    skippedTrace: [
      "run",
      "scenarios/trace-replay.ts",
      "--set",
      `traffic.chat.trace=${trace}`,
      "--skip-bad-rows",
      "--format",
      "json",
      "--out",
      out,
    ],
    unwritable: ["run", QUICK, "--out", `${bad}/reports`],
    refusedSetting: ["run", "test/cli/fixtures/refused-setting.ts", "--out", out],
    brokenComponent: ["run", "test/cli/fixtures/broken-router.ts", "--out", out],
    quiet: ["run", QUICK, "--quiet", "--out", out],
    plain: ["run", QUICK, "--replications", "2", "--out", out],
    negativeSeed: ["run", QUICK, "--seed", "-1", "--quiet", "--out", out],
  } satisfies { [name: string]: ReadonlyArray<string> };

  let outcomes: { [K in keyof typeof commands]: Outcome };

  beforeAll(async () => {
    const { stdout } = await node(["test/cli/Several.ts", JSON.stringify(Object.values(commands))]);
    const list = JSON.parse(stdout) as Array<Outcome>;
    outcomes = Object.fromEntries(Object.keys(commands).map((name, i) => [name, list[i]!])) as typeof outcomes;
  }, 60_000);

  test.each([
    ["help", 0],
    ["runHelp", 0],
    ["version", 0],
    ["quiet", 0],
    ["plain", 0],
    ["skippedTrace", 0],
    ["failing", 99],
    ["failingAndNoEvidence", 99],
    ["noEvidence", 98],
    ["malformed", 104],
    ["checkMalformed", 104],
    ["absent", 104],
    ["unknownOption", 104],
    ["noFile", 104],
    ["unknownCommand", 104],
    ["settingWithoutValue", 104],
    ["unknownSetting", 104],
    ["wrongSetting", 104],
    ["wrongSeed", 104],
    ["negativeSeed", 104],
    ["noReplications", 104],
    ["malformedTrace", 104],
    ["unwritable", 104],
    ["refusedSetting", 104],
    ["brokenComponent", 107],
  ] as const)("%s -> %i, without a stack trace", (name, code) => {
    expect(outcomes[name].code).toBe(code);
    expect(outcomes[name].stdout + outcomes[name].stderr).not.toMatch(NO_STACK);
    if (code >= 104) expect(outcomes[name].stderr.trim()).not.toBe("");
  });

  test("help and version: on stdout, with the commands", () => {
    expect(outcomes.version.stdout).toMatch(/\d+\.\d+\.\d+/u);
    for (const command of ["run", "check", "schema"]) expect(outcomes.help.stdout).toContain(command);
    for (const option of ["--set", "--seed", "--replications", "--out", "--records", "--format", "--skip-bad-rows", "--quiet"])
      expect(outcomes.runHelp.stdout).toContain(option);
  });

  test("malformed scenario: all faults at once -> file:line:column path constraint (value) hint, on stderr alone", () => {
    const { stdout, stderr } = outcomes.malformed;
    expect(stdout).toBe("");
    expect(stderr).toContain(`${bad}:2:10 horizon must be a duration (10)`);
    expect(stderr).toMatch(/bad\.yaml:4:1 flet unknown key.*fleet/u);
  });

  test("check: one file of two is malformed -> its faults, and the other is explained all the same", () => {
    expect(outcomes.checkMalformed.stderr).toContain(`${bad}:2:10`);
    expect(outcomes.checkMalformed.stdout).toContain("quick");
  });

  test("malformed trace: file, line, reason and hint -> nothing on stdout; with --skip-bad-rows, counted in the document", () => {
    expect(outcomes.malformedTrace.stderr).toContain(`${trace}:3:1 TIMESTAMP must be a time (2023-13-16 18:17:04.03)`);
    expect(outcomes.malformedTrace.stderr).toContain("write it as");
    expect(outcomes.malformedTrace.stdout).toBe("");
    expect(JSON.parse(outcomes.skippedTrace.stdout)).toMatchObject({ trace: { skippedRows: 1 } });
  });

  test("wrong settings and options: the message names them, and what was meant", () => {
    expect(outcomes.unknownSetting.stderr).toMatch(/fleet\.gpu\.replica unknown key.*replicas/u);
    expect(outcomes.wrongSetting.stderr).toMatch(/--set horizon.*must be a duration \(5\).*"90m"/u);
    expect(outcomes.settingWithoutValue.stderr).toContain("--set fleet must be PATH=VALUE");
    expect(outcomes.unknownOption.stderr).toMatch(/--sede[\s\S]*--seed/u);
    expect(outcomes.absent.stderr).toContain("absent.ts");
    expect(outcomes.refusedSetting.stderr).toMatch(/^invalid setting breaker\.probes: must be a whole number >= 1/u);
    expect(outcomes.brokenComponent.stderr).toMatch(/this router has a defect.*seed 1/u);
  });

  test("usage errors: the help that comes with them -> on stderr, for stdout is for results", () => {
    expect(outcomes.unknownOption.stdout).toBe("");
  });

  test("gates: the failing one is named with its value; one without evidence says so", () => {
    expect(outcomes.failing.stdout).toContain("chat.ttft.p50 < 1ms");
    expect(outcomes.failing.stdout).toMatch(/fail/iu);
    expect(outcomes.noEvidence.stdout).toMatch(/inconclusive/iu);
  });

  test("run --quiet: nothing on stderr; without: where the files are, and no progress line outside a terminal", () => {
    expect(outcomes.quiet.stderr).toBe("");
    expect(outcomes.plain.stderr.trim().split("\n")).toHaveLength(1);
    expect(outcomes.plain.stderr).toContain(out);
    // eslint-disable-next-line no-control-regex
    expect(outcomes.plain.stdout + outcomes.plain.stderr).not.toMatch(/\u001B/u);
  });
});
