import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { atLeast, text, word } from "./PlainSchema.ts";
import { duration, share, tokens } from "./Quantities.ts";

const { brownout: absent } = DEFAULTS;

const Answer = Schema.Union([
  word(["cached", "canned"], "From the result cache, however old; or a fixed text at once."),
  Schema.Struct({ shorter: share("Share of the answer that is generated") }),
  Schema.Struct({ smallerModel: text("Name of a pool, which then gets nothing else.") }),
]).annotate({
  description: "How attempts are answered.",
  examples: [{ shorter: 0.5 }, { smallerModel: "small" }, "canned"] as never,
});

const threshold = (description: string) => Schema.Union([atLeast(0, "Number of attempts."), duration("Time")]).annotate({ description });

const Level = Schema.Struct({
  answer: Answer,
  enterAt: threshold("Entered when the signal is at least this: a time for queueWait, else a number."),
  leaveBelow: Schema.optionalKey(threshold("Left when the signal is below this; half of enterAt by default.")),
});

/** Cheaper answers under load. */
export const Brownout = Schema.Struct({
  signal: Schema.optionalKey(
    word(
      ["queueLength", "queueWait", "inFlight"],
      "Attempts in the queue, the wait of the oldest of them, or attempts between the gateway and their answer.",
      { default: absent.signal },
    ),
  ),
  levels: Schema.Array(Level).check(Schema.isMinLength(1)).annotate({ description: "From mild to severe; thresholds rise." }),
  minimumDwell: Schema.optionalKey(duration("How long a level lasts at least", { default: absent.minimumDwell })),
  cannedTokens: Schema.optionalKey(tokens("Length of a canned answer", { default: absent.cannedTokens })),
}).annotate({
  identifier: "Brownout",
  description: "Answers more cheaply while the load is high; such answers are degraded, not completed.",
  examples: [
    {
      signal: "queueWait",
      levels: [
        { answer: { shorter: 0.5 }, enterAt: "2s" },
        { answer: "canned", enterAt: "10s" },
      ],
    },
  ] as never,
});
