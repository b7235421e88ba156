import * as Effect from "effect/Effect";
import { Argument, Command } from "effect/cli";
import { describeWorld } from "../report/terminal/describeWorld.ts";
import { loadScenario } from "../scenario/loadScenario.ts";
import { ScenarioFault } from "../scenario/ScenarioFault.ts";
import { ExitCode } from "./ExitCode.ts";
import { parseSettings, setFlag } from "./CommandInput.ts";

/** `spillway check FILE...`: decode and explain, run nothing. */
export const check = Command.make(
  "check",
  {
    files: Argument.String("file").pipe(Argument.withDescription("scenario files (.ts, .yaml, .json)"), Argument.atLeast(1)),
    set: setFlag,
  },
  Effect.fnUntraced(function* ({ files, set }) {
    const settings = yield* parseSettings(set);
    for (const file of files) {
      const loaded = yield* loadScenario(file, { set: settings }).pipe(Effect.catchTag("ScenarioFault", Effect.succeed));
      if (loaded instanceof ScenarioFault) {
        process.stderr.write(`${loaded.message}\n`);
        process.exitCode = ExitCode.Invalid;
        continue;
      }
      process.stdout.write(describeWorld(loaded.world, file));
      for (const { text } of loaded.warnings) process.stderr.write(`warning: ${text}\n`);
    }
  }),
).pipe(
  Command.withDescription("Decode scenario files and explain them; report all faults and all settings without effect at once, run nothing"),
  Command.withExamples([{ command: "spillway check scenarios/*.ts", description: "check all scenarios" }]),
);
