import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Command, Flag } from "effect/cli";
import type { Simulated } from "../experiment/simulate.ts";
import { SAMPLE_SIZE, simulate } from "../experiment/simulate.ts";
import type { Result } from "../metric/Result.ts";
import { writeReports } from "../report/ReportFolder.ts";
import { requestsCsv } from "../report/requestsCsv.ts";
import { summaryJson } from "../report/summaryJson.ts";
import { renderTerminal } from "../report/terminal/renderTerminal.ts";
import { replicasCsv } from "../report/replicasCsv.ts";
import { timelineCsv } from "../report/timelineCsv.ts";
import { loadScenario } from "../scenario/loadScenario.ts";
import { ExitCode } from "./ExitCode.ts";
import { parseSettings, repeatCommand, scenarioArgument, setFlag } from "./CommandInput.ts";
import { ProgressLine } from "./ProgressLine.ts";

const PositiveInt = (name: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (n) => n >= 1,
      () => `--${name} must be at least 1`,
    ),
  );

/** `spillway run FILE`: simulate, print the summary, write the files. */
export const run = Command.make(
  "run",
  {
    file: scenarioArgument,
    set: setFlag,
    seed: Flag.Int("seed").pipe(
      Flag.filter(
        (n) => n >= 0,
        () => "--seed must be at least 0",
      ),
      Flag.withDescription("seed of all random draws (default: the scenario's, else 1)"),
      Flag.optional,
    ),
    replications: PositiveInt("replications").pipe(
      Flag.withDescription("independent runs; two or more give confidence intervals (default 1)"),
      Flag.withDefault(1),
    ),
    out: Flag.String("out").pipe(Flag.withDescription("folder for the files (default reports/NAME)"), Flag.optional),
    records: PositiveInt("records").pipe(
      Flag.withDescription(
        `most records in requests.csv; a uniform sample of the run beyond that, of which \`calibrate\` can make nothing (default ${SAMPLE_SIZE})`,
      ),
      Flag.withDefault(SAMPLE_SIZE),
    ),
    format: Flag.Literals("format", ["text", "json"]).pipe(
      Flag.withDescription("summary on stdout: text, or the result document alone (default text)"),
      Flag.withDefault("text"),
    ),
    skipBadRows: Flag.Boolean("skip-bad-rows").pipe(
      Flag.withDescription("count malformed trace rows instead of stopping at them"),
      Flag.withDefault(false),
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("nothing on stderr but errors"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* (flags) {
    const settings = yield* parseSettings(flags.set);
    const scenario = yield* loadScenario(flags.file, { set: settings });
    const seed = Option.getOrElse(flags.seed, () => scenario.world.seed);
    const progress = new ProgressLine({ quiet: flags.quiet, replications: flags.replications });
    const usage = startUsage();
    const simulated = yield* stopOnSignal((stopped) =>
      simulate(
        { ...scenario.world },
        {
          seed,
          replications: flags.replications,
          repeat: repeatCommand(flags, seed),
          components: scenario.components,
          skipBadRows: flags.skipBadRows,
          sampleSize: flags.records,
          onProgress: progress.update,
          stopped,
        },
      ),
    ).pipe(Effect.ensuring(Effect.sync(() => progress.clear())));
    const spent = usage();
    const folder = Option.getOrElse(flags.out, () => `reports/${fileName(simulated.result.scenario.name)}`);
    print(simulated.result, flags.format);
    yield* writeReports(folder, filesOf(simulated, spent));
    if (!flags.quiet) process.stderr.write(closingLine(simulated.result, spent, folder));
    process.exitCode = exitCodeOf(simulated.result);
  }),
).pipe(
  Command.withDescription("Simulate a scenario: summary on stdout, files under reports/NAME, progress on stderr"),
  Command.withExamples([
    { command: "spillway run scenarios/deepseek-busy.ts", description: "the flagship" },
    {
      command: "spillway run scenarios/hello.ts --set traffic.chat.arrivals.poisson.rate=80/s --seed 7",
      description: "twice the load, other luck",
    },
    { command: "spillway run scenarios/hello.ts --format json --quiet", description: "the result document alone, for scripts" },
  ]),
);

/** Ctrl-C ends the run with what is there; a second one ends the process. */
const stopOnSignal = <A, E, R>(body: (stopped: () => boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let stop = false;
    const onSignal = (): void => {
      if (stop) process.exit(ExitCode.Interrupted);
      stop = true;
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    return body(() => stop).pipe(Effect.ensuring(Effect.sync(() => void process.off("SIGINT", onSignal).off("SIGTERM", onSignal))));
  });

const print = (result: Result, format: "text" | "json"): void => {
  const color = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  process.stdout.write(format === "json" ? summaryJson(result) : renderTerminal(result, { color, width: process.stdout.columns ?? 100 }));
};

interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const startUsage = (): (() => Spent) => {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const used = process.cpuUsage(cpu);
    return { wallMs: performance.now() - startedMs, cpuMs: (used.user + used.system) / 1000 };
  };
};

/** What depends on the machine is in engine.json alone. */
const filesOf = (simulated: Simulated, spent: Spent): { readonly [name: string]: string } => ({
  "summary.json": summaryJson(simulated.result),
  "requests.csv": requestsCsv(simulated.sample),
  "timeline.csv": timelineCsv(simulated.result),
  "replicas.csv": replicasCsv(simulated.replicas),
  "engine.json": `${JSON.stringify(
    {
      wallMs: Math.round(spent.wallMs),
      cpuMs: Math.round(spent.cpuMs),
      ...simulated.result.engine,
      eventsPerCpuSecond: Math.round((simulated.result.engine.events * 1000) / Math.max(1, spent.cpuMs)),
      peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    null,
    2,
  )}\n`,
});

const closingLine = (result: Result, spent: Spent, folder: string): string =>
  `${result.interrupted ? "interrupted; " : ""}${result.engine.requests} requests, ${result.engine.events} events in ${(spent.wallMs / 1000).toFixed(1)} s (${(spent.cpuMs / 1000).toFixed(1)} s CPU); files in ${folder}\n`;

const exitCodeOf = (result: Result): ExitCode => {
  if (result.interrupted) return ExitCode.Interrupted;
  if (result.verdict === "fail") return ExitCode.GateFailed;
  return result.verdict === "inconclusive" ? ExitCode.Inconclusive : ExitCode.Pass;
};

/** A scenario's name as a folder name. */
const fileName = (name: string): string => name.replaceAll(/[^\w.-]+/g, "-").replace(/^[.-]+/, "") || "scenario";
