import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { World } from "../World.ts";
import { idleBreaker } from "./idleBreaker.ts";
import type { IdleNotes } from "./IdleNotes.ts";

const WAITS = ["backoff", "factor", "maxBackoff", "jitter", "honorRetryAfter"] as const;

/** Settings of a traffic class and its clients that change nothing. */
export const idleClient = (notes: IdleNotes, spec: TrafficClassSpec, world: World): void => {
  const path = ["traffic", spec.name];
  const { queue } = world.gateway;
  const fairHint = "add gateway.queue.order: { fair: {} }";
  notes.note([...path, "weight"], queue?.fair === undefined, "no queue is fair", fairHint);
  const byPriority = queue?.rules.priority !== undefined || world.fleet.some(({ engine }) => engine.scheduling?.order === "priority");
  const priorityHint = 'add gateway.queue.priority: {}, or engine.order: "priority" to a pool';
  notes.note([...path, "priority"], !byPriority, "nothing goes by priority", priorityHint);
  spec.spikes.forEach((spike, i) => {
    const at = [...path, "spikes", i, spike.shape, "at"];
    notes.note(at, spike.atMs >= world.horizonMs, "it begins after the end of the run", "raise horizon");
  });
  idleRetries(notes, [...path, "client", "retry"], spec);
  idleTimes(notes, [...path, "client"], spec);
  idleBreaker(notes, [...path, "client", "breaker"], spec.client.breaker, { hinted: true });
  const { retry, breaker, throttle, adaptiveRate = false } = spec.client;
  const alone = retry?.budget === undefined && breaker === undefined && throttle === undefined && !adaptiveRate;
  const ownHint = "instances have retry budgets, breakers, throttles and rates of their own: add one of them";
  notes.note([...path, "client", "instances"], alone, "clients keep nothing of their own", ownHint);
};

const idleRetries = (notes: IdleNotes, path: ReadonlyArray<string>, { client }: TrafficClassSpec): void => {
  const { retry } = client;
  if (retry === undefined) return;
  const once = retry.attempts === 1;
  const waits = WAITS.some((key) => notes.has([...path, key]));
  const unpaid = retry.budget !== undefined && client.hedge === undefined;
  // One line for all: attempts is how retries are switched off.
  notes.note(path, once && (waits || unpaid), "attempts is 1", "raise attempts; a budget pays for hedge too");
  const factorHint = "decorrelated waits grow from the last one: leave factor out, or choose another jitter";
  notes.note([...path, "factor"], !once && retry.jitter === "decorrelated", "jitter is decorrelated", factorHint);
};

/** Limits that come later than the deadline. */
const idleTimes = (notes: IdleNotes, path: ReadonlyArray<string>, { client }: TrafficClassSpec): void => {
  const { deadlineMs = Infinity, patienceMs = 0, attemptTimeoutMs = 0 } = client;
  const why = "the deadline comes first";
  notes.note([...path, "patience"], patienceMs > deadlineMs, why, "make it shorter than deadline");
  notes.note([...path, "attemptTimeout"], attemptTimeoutMs > deadlineMs, why, "make it shorter than deadline");
};
