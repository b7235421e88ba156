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

/** What the command line module asks of its platform; ours reads no keys and starts no processes. */
export const platform = Layer.mergeAll(
  FileSystem.layerNoop({}),
  Path.layer,
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
