import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Argument, CliError, Command, Flag } from "effect/cli";
import { nearest } from "../experiment/nearest.ts";
import { LibraryMissing } from "../testing/adapters/importPackage.ts";
import { luaLimiter } from "../testing/adapters/luaLimiter.ts";
import { SHIPPED_ADAPTERS } from "../testing/adapters/ShippedAdapters.ts";
import type { Adapter } from "../testing/adapters/ShippedAdapters.ts";
import type { Law } from "../testing/Law.ts";
import { lawsOf } from "../testing/lawsOf.ts";
import { hasViolation, scoreboardMarkdown, scoreboardOf } from "../testing/Scoreboard.ts";
import { ExitCode } from "./ExitCode.ts";

/** `spillway conformance TARGET`: property-test a limiter, breaker or retry policy. */
export const conformance = Command.make(
  "conformance",
  {
    target: Argument.String("target").pipe(
      Argument.withDescription("name of a shipped adapter, a module that exports adapters (.ts, .js), or a Redis script (.lua)"),
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
    path: Flag.String("path").pipe(Flag.withDescription("repeat the counterexample found there"), Flag.optional),
    replayPath: Flag.String("replay-path").pipe(Flag.withDescription("goes with --path"), Flag.optional),
    format: Flag.Literals("format", ["markdown", "json"]).pipe(
      Flag.withDescription("scoreboard on stdout: markdown or json (default markdown)"),
      Flag.withDefault("markdown"),
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("nothing on stderr but errors"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* (flags) {
    const adapters = yield* attempt(() => adaptersOf(flags.target));
    const boards = [];
    for (const adapter of adapters) {
      const laws = yield* chosen(lawsOf(adapter), flags.laws);
      const progress = (law: Law): void => {
        if (!flags.quiet) process.stderr.write(`${adapter.name}: ${law.title}\n`);
      };
      boards.push(
        yield* attempt(() =>
          scoreboardOf(laws, {
            target: adapters.length === 1 ? flags.target : adapter.name,
            version: adapter.version,
            seed: flags.seed,
            runs: flags.runs,
            path: Option.getOrUndefined(flags.path),
            replayPath: Option.getOrUndefined(flags.replayPath),
            onLaw: progress,
          }),
        ).pipe(Effect.ensuring(Effect.promise(async () => ("close" in adapter ? adapter.close?.() : undefined)))),
      );
    }
    process.stdout.write(flags.format === "json" ? `${JSON.stringify(boards, null, 2)}\n` : `${boards.map(scoreboardMarkdown).join("\n")}`);
    process.exitCode = boards.some(hasViolation) ? ExitCode.GateFailed : ExitCode.Pass;
  }),
).pipe(
  Command.withDescription("Property-test a limiter, breaker or retry policy; scoreboard on stdout, exit code 99 on a violation"),
  Command.withExamples([
    { command: "spillway conformance spillway-gcra", description: "one of ours" },
    { command: "spillway conformance cockatiel-consecutive --laws B-4,B-10", description: "two laws of a library" },
    { command: "spillway conformance scripts/token-bucket.lua", description: "a Redis script" },
  ]),
);

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, CliError.UserError> =>
  Effect.tryPromise({ try: body, catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      cause instanceof LibraryMissing || cause instanceof TargetUnusable
        ? Effect.fail(new CliError.UserError({ cause: cause.message }))
        : Effect.die(cause),
    ),
  );

class TargetUnusable extends Error {
  override readonly name = "TargetUnusable";
}

const adaptersOf = async (target: string): Promise<ReadonlyArray<Adapter>> => {
  const shipped = SHIPPED_ADAPTERS.get(target);
  if (shipped !== undefined) return [await shipped()];
  if (!/\.(?:lua|[cm]?[jt]s)$/.test(target)) throw new TargetUnusable(unknownTarget(target));
  if (!existsSync(target)) throw new TargetUnusable(`${target}: no such file`);
  if (target.endsWith(".lua")) return [await luaLimiter(target)];
  const exported = Object.values((await import(pathToFileURL(resolve(target)).href)) as Record<string, unknown>).filter(isAdapter);
  if (exported.length === 0)
    throw new TargetUnusable(`${target} exports no adapter; an adapter has family, name, laboratory, spec and make`);
  return exported;
};

const FAMILIES: ReadonlySet<unknown> = new Set(["breaker", "limiter", "retry", "cache"]);

const isAdapter = (value: unknown): value is Adapter =>
  typeof value === "object" && value !== null && "family" in value && FAMILIES.has(value.family) && "make" in value;

const unknownTarget = (target: string): string => {
  const names = [...SHIPPED_ADAPTERS.keys()];
  const close = nearest(target, names);
  return `no adapter ${target}${close === undefined ? "" : `; did you mean ${close}?`}. Shipped: ${names.join(", ")}. Or give the path of a .ts, .js or .lua file.`;
};

const chosen = (laws: ReadonlyArray<Law>, wanted: Option.Option<string>): Effect.Effect<ReadonlyArray<Law>, CliError.UserError> => {
  if (Option.isNone(wanted)) return Effect.succeed(laws);
  const words = wanted.value.split(",").map((word) => word.trim());
  const fits = (law: Law, word: string): boolean => law.id === word || `${law.id} ${law.part ?? ""}` === word;
  const missing = words.filter((word) => !laws.some((law) => fits(law, word)));
  return missing.length > 0
    ? Effect.fail(
        new CliError.UserError({
          cause: `--laws: ${missing.join(", ")} does not apply; there are ${[...new Set(laws.map((law) => law.id))].join(", ")}`,
        }),
      )
    : Effect.succeed(laws.filter((law) => words.some((word) => fits(law, word))));
};
