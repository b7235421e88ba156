import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { CliError, Command } from "effect/cli";
import { calibrate } from "./calibrate.ts";
import { catalog } from "./catalog.ts";
import { check } from "./check.ts";
import { conformance } from "./conformance.ts";
import { ExitCode } from "./ExitCode.ts";
import { platform } from "./platform.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { VERSION } from "./Version.ts";

const spillway = Command.make("spillway").pipe(
  Command.withDescription("Chaos and capacity simulator for LLM serving"),
  Command.withSubcommands([run, check, schema, conformance, calibrate, catalog]),
);

/** Runs the command line with these arguments and sets the exit code of the process. Errors go to stderr, without stack traces. */
export const runSpillway = async (args: ReadonlyArray<string>): Promise<void> => {
  const exit = await Effect.runPromiseExit(Command.runWith(spillway, { version: VERSION })(args).pipe(Effect.provide(platform)));
  if (Exit.isSuccess(exit)) return;
  const error = Cause.squash(exit.cause);
  process.exitCode = exitCodeOf(error);
  // Usage errors were printed with the help.
  if (!CliError.isCliError(error)) process.stderr.write(`${messageOf(error)}\n`);
};

const INVALID_TAGS: ReadonlySet<string> = new Set([
  "ScenarioFault",
  "TraceUnusable",
  "PolicyUnusable",
  "SettingUnusable",
  "ReportFolderUnwritable",
  "CalibrationUnusable",
  "CatalogUnusable",
]);

const exitCodeOf = (error: unknown): ExitCode => {
  if (CliError.isCliError(error)) return error._tag === "ShowHelp" && error.errors.length === 0 ? ExitCode.Pass : ExitCode.Invalid;
  return INVALID_TAGS.has(tagOf(error)) ? ExitCode.Invalid : ExitCode.Internal;
};

const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string" ? error._tag : "";

const messageOf = (error: unknown): string => {
  if (tagOf(error) === "SimulationDefect") return defectText(error as { message: string; seed: number; replication: number; atMs: number });
  return error instanceof Error ? error.message : String(error);
};

const defectText = (defect: {
  readonly message: string;
  readonly seed: number;
  readonly replication: number;
  readonly atMs: number;
}): string =>
  `internal error: ${defect.message} (seed ${defect.seed}, replication ${defect.replication}, at ${defect.atMs} ms of simulated time); please report it with the scenario file`;
