import { CliOutput } from "effect/cli";
import * as Effect from "effect/Effect";
import * as FileSystem from "effect/FileSystem";
import * as Layer from "effect/Layer";
import * as Path from "effect/Path";
import { ChildProcessSpawner } from "effect/process";
import * as Sink from "effect/Sink";
import * as Stdio from "effect/Stdio";
import * as Stream from "effect/Stream";
import * as Terminal from "effect/Terminal";

const unavailable = Effect.die(new Error("not available on this command line"));

/** Wrong arguments are told on stderr, with where to read on; help that was asked for goes to stdout. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.sync(() => {
          const errors = CliOutput.defaultFormatter({ colors: false }).formatErrors(event.errors).trim();
          process.stderr.write(`${errors}\n\nSee ${event.commandPath.join(" ")} --help\n`);
        })
      : CliOutput.defaultPresenter.present(event),
});

/** What the command line module asks of its platform; ours reads no keys and starts no processes. */
export const platform = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
  presenter,
  Layer.succeed(
    Stdio.Stdio,
    Stdio.make({
      args: Effect.sync(() => process.argv.slice(2)),
      stdin: Stream.empty,
      stdout: () => Sink.forEach((text: string | Uint8Array) => Effect.sync(() => void process.stdout.write(text))),
      stderr: () => Sink.forEach((text: string | Uint8Array) => Effect.sync(() => void process.stderr.write(text))),
    }),
  ),
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.sync(() => process.stdout.columns ?? 80),
      rows: Effect.sync(() => process.stdout.rows ?? 24),
      size: unavailable,
      readInput: unavailable,
      readLine: unavailable,
      display: (text) => Effect.sync(() => void process.stdout.write(text)),
    }),
  ),
  Layer.succeed(
    ChildProcessSpawner.ChildProcessSpawner,
    ChildProcessSpawner.make(() => unavailable),
  ),
);
