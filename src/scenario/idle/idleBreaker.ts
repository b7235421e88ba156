import type { BreakerSpec } from "../../serving/ServingSpec.ts";
import type { Path } from "../check/Path.ts";
import type { IdleNotes } from "./IdleNotes.ts";

/** Settings of a breaker that change nothing; `hinted` where a server's hint may lengthen an opening. */
export const idleBreaker = (notes: IdleNotes, path: Path, spec: BreakerSpec | undefined, of: { readonly hinted: boolean }): void => {
  if (spec === undefined) return;
  const { trip, slowCallMs, probes, successesNeeded } = spec;
  const judgesSlow = trip.kind !== "consecutive" && trip.slowRatio !== undefined;
  const slowHint = `say how many of them open it, as trip: { time: { window: "10s", slow: "50%" } }`;
  notes.note([...path, "slowCall"], !judgesSlow, "slow calls do not open this breaker", slowHint);
  notes.note([...path, "slowBy"], slowCallMs === undefined || !judgesSlow, "no call is judged by its pace", 'add slowCall, as "5s"');
  const callHint = 'say from when on a call is slow, as slowCall: "5s"';
  notes.note([...path, "trip", trip.kind, "slow"], slowCallMs === undefined, "no call is slow", callHint);
  const { openForMs, maxOpenMs = openForMs, openFactor = 1 } = spec;
  const longer = 'allow longer openings, as maxOpen: "5m"';
  notes.note([...path, "openFactor"], openFactor > 1 && maxOpenMs === openForMs, "no opening is longer than openFor", longer);
  const growing = "let openings grow, as openFactor: 2";
  notes.note([...path, "maxOpen"], openFactor === 1 && !of.hinted, "all openings last openFor", growing);
  // Of more probes than successes are needed the rest waits, but they are more than the one that there would be without the setting.
  const once = "a round of one success starts one probe";
  notes.note([...path, "probes"], probes > 1 && successesNeeded === 1, once, "raise successesNeeded");
};
