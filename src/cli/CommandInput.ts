import { relative } from "node:path";
import * as Effect from "effect/Effect";
import { Argument, CliError, Flag } from "effect/cli";

/** The scenario file of a command. */
export const scenarioArgument = Argument.String("file").pipe(Argument.withDescription("scenario file (.ts, .yaml, .json)"));

export const setFlag = Flag.String("set").pipe(
  Flag.withDescription("override a field, PATH=VALUE; may be repeated, e.g. --set fleet.gpu.replicas=8"),
  Flag.atLeast(0),
);

/** `path=value` pairs, in order. */
export const parseSettings = (texts: ReadonlyArray<string>): Effect.Effect<Array<readonly [string, string]>, CliError.UserError> =>
  Effect.forEach(texts, (text) => {
    const at = text.indexOf("=");
    return at > 0
      ? Effect.succeed([text.slice(0, at), text.slice(at + 1)] as const)
      : Effect.fail(new CliError.UserError({ cause: `--set ${text} must be PATH=VALUE, as --set fleet.gpu.replicas=8` }));
  });

interface Repeatable {
  readonly file: string;
  readonly set: ReadonlyArray<string>;
  readonly replications: number;
  readonly skipBadRows: boolean;
}

/** One command that gives the same document. Nothing of the machine is in it: a file inside the working directory is named relative to it. */
export const repeatCommand = (flags: Repeatable, seed: number): string =>
  [
    "npx spillway run",
    quoted(pathFromHere(flags.file)),
    `--seed ${seed}`,
    ...(flags.replications > 1 ? [`--replications ${flags.replications}`] : []),
    ...flags.set.map((setting) => `--set ${quoted(setting)}`),
    ...(flags.skipBadRows ? ["--skip-bad-rows"] : []),
  ].join(" ");

const pathFromHere = (file: string): string => {
  const path = relative(process.cwd(), file).replaceAll("\\", "/");
  return path.startsWith("../../") ? file : path;
};

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
