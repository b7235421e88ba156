import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Command, Flag } from "effect/cli";
import { basename, dirname } from "node:path";
import { writeReports } from "../report/ReportFolder.ts";
import { scenarioJsonSchema } from "../scenario/scenarioJsonSchema.ts";

/** `spillway schema`: the JSON Schema of scenario files. */
export const schema = Command.make(
  "schema",
  { out: Flag.String("out").pipe(Flag.withDescription("write to this file instead of stdout"), Flag.optional) },
  Effect.fnUntraced(function* ({ out }) {
    const text = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
    if (Option.isNone(out)) process.stdout.write(text);
    else yield* writeReports(dirname(out.value), { [basename(out.value)]: text });
  }),
).pipe(Command.withDescription("Print the JSON Schema (draft 2020-12) of scenario files"));
