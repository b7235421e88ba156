import { resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Argument, CliError, Command, Flag } from "effect/cli";
import { LibraryMissing } from "../testing/adapters/importPackage.ts";
import { SHIPPED_ADAPTERS } from "../testing/adapters/ShippedAdapters.ts";
import type { Law } from "../testing/Law.ts";
import { lawsOf } from "../testing/lawsOf.ts";
import type { Scoreboard } from "../testing/Scoreboard.ts";
import { hasViolation, scoreboardMarkdown, scoreboardOf } from "../testing/Scoreboard.ts";
import { adaptersOf, FAMILIES_TEXT, faultText, targetsText, TargetUnusable } from "./ConformanceTarget.ts";
import { ExitCode } from "./ExitCode.ts";

/** As fast-check writes where a history lies: the run, then the branch taken at each shrink. */
const PATH = /^\d{1,7}(?::\d{1,7})*$/;
/** As it writes which commands ran: how often each answer, then the answers, six bits a letter. */
const REPLAY_PATH = /^[A-Za-z0-9+/]*:[A-Za-z0-9+/]*$/;
const COPY_HINT = "copy it from the command printed with a counterexample";

/** `spillway conformance TARGET`: property-test a policy of any family. */
export const conformance = Command.make(
  "conformance",
  {
    target: Argument.String("target").pipe(
      Argument.withDescription(
        "name of a shipped adapter, a module that exports adapters (.ts, .js), or a Redis script (.lua); without it, all names are listed",
      ),
      Argument.optional,
    ),
    laws: Flag.String("laws").pipe(Flag.withDescription("only these, as L-1,B-4 (default: all that apply)"), Flag.optional),
    seed: Flag.Int("seed").pipe(Flag.withDescription("seed of the histories (default 1)"), Flag.withDefault(1)),
    runs: Flag.Int("runs").pipe(
      Flag.filter(
        (runs) => runs >= 1,
        () => "--runs must be at least 1",
      ),
      Flag.withDescription("histories for each law (default 1000)"),
      Flag.withDefault(1000),
    ),
    path: Flag.String("path").pipe(
      Flag.filter(
        (path) => PATH.test(path),
        (path) => `--path must be numbers with colons between, as 12:0:3 (${path}): ${COPY_HINT}`,
      ),
      Flag.withDescription("repeat the counterexample found there"),
      Flag.optional,
    ),
    replayPath: Flag.String("replay-path").pipe(
      Flag.filter(
        (path) => REPLAY_PATH.test(path),
        (path) => `--replay-path must be as AB:Q (${path}): ${COPY_HINT}`,
      ),
      Flag.withDescription("goes with --path"),
      Flag.optional,
    ),
    format: Flag.Literals("format", ["markdown", "json"]).pipe(
      Flag.withDescription("scoreboard on stdout: markdown or json (default markdown)"),
      Flag.withDefault("markdown"),
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("nothing on stderr but errors"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* (flags) {
    if (Option.isNone(flags.target)) return yield* new CliError.UserError({ cause: targetsText() });
    const target = flags.target.value;
    if (Option.isSome(flags.replayPath) && Option.isNone(flags.path))
      return yield* new CliError.UserError({ cause: `--replay-path goes with --path: ${COPY_HINT}` });
    const adapters = yield* attempt(() => adaptersOf(target));
    const boards: Array<Scoreboard> = [];
    for (const adapter of adapters) {
      const laws = yield* chosen(lawsOf(adapter), flags.laws, Option.isSome(flags.path));
      const progress = (law: Law): void => {
        if (!flags.quiet) process.stderr.write(`${adapter.name}: ${law.title}\n`);
      };
      boards.push(
        yield* attempt(() =>
          tried(
            target,
            adapter.name,
            scoreboardOf(laws, {
              target: adapters.length === 1 ? target : adapter.name,
              version: adapter.version,
              seed: flags.seed,
              runs: flags.runs,
              path: Option.getOrUndefined(flags.path),
              replayPath: Option.getOrUndefined(flags.replayPath),
              onLaw: progress,
            }),
          ),
        ).pipe(Effect.ensuring(Effect.promise(async () => ("close" in adapter ? adapter.close?.() : undefined)))),
      );
    }
    if (Option.isSome(flags.path) && boards.every(isEmpty))
      return yield* new CliError.UserError({
        cause: `--path ${flags.path.value} leads to no history of --seed ${flags.seed}: ${COPY_HINT}`,
      });
    process.stdout.write(flags.format === "json" ? `${JSON.stringify(boards, null, 2)}\n` : `${boards.map(scoreboardMarkdown).join("\n")}`);
    process.exitCode = boards.some(hasViolation) ? ExitCode.GateFailed : ExitCode.Pass;
  }),
).pipe(
  Command.withDescription(`Property-test a policy (${FAMILIES_TEXT}); scoreboard on stdout, exit code 99 on a violation`),
  Command.withExamples([
    { command: "spillway conformance spillway-gcra", description: "one of ours" },
    { command: "spillway conformance cockatiel-consecutive --laws B-4,B-10", description: "two laws of a library" },
    { command: "spillway conformance my-limiter.lua", description: "a Redis script of yours; its first comment says what it is" },
  ]),
);

/** No history was tried at all. */
const isEmpty = ({ rows }: Scoreboard): boolean => rows.every(({ report, full }) => report.runs === 0 && (full?.runs ?? 0) === 0);

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, CliError.UserError> =>
  Effect.tryPromise({ try: body, catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      cause instanceof LibraryMissing || cause instanceof TargetUnusable
        ? Effect.fail(new CliError.UserError({ cause: cause.message }))
        : Effect.die(cause),
    ),
  );

/** What a user's own adapter throws is a fault of the target and not of this program. */
const tried = async <A>(target: string, name: string, work: Promise<A>): Promise<A> => {
  try {
    return await work;
  } catch (fault) {
    if (SHIPPED_ADAPTERS.has(target)) throw fault;
    throw new TargetUnusable(`${name} could not be tried out: ${faultText(fault, resolve(target))}`, { cause: fault });
  }
};

/** `exactly`: of the laws with one number, only the part that is named. */
const chosen = (
  laws: ReadonlyArray<Law>,
  wanted: Option.Option<string>,
  exactly: boolean,
): Effect.Effect<ReadonlyArray<Law>, CliError.UserError> => {
  if (Option.isNone(wanted)) return Effect.succeed(laws);
  const words = wanted.value.split(",").map((word) => word.trim());
  const named = (law: Law): string => (law.part === undefined ? law.id : `${law.id} ${law.part}`);
  const fits = (law: Law, word: string): boolean => named(law) === word || (!exactly && law.id === word);
  const missing = words.filter((word) => !laws.some((law) => fits(law, word)));
  return missing.length > 0
    ? Effect.fail(
        new CliError.UserError({
          cause: `--laws: ${missing.join(", ")} does not apply; there are ${[...new Set(laws.map((law) => law.id))].join(", ")}`,
        }),
      )
    : Effect.succeed(laws.filter((law) => words.some((word) => fits(law, word))));
};
