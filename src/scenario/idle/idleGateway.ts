import type { World } from "../World.ts";
import type { IdleNotes } from "./IdleNotes.ts";

/** Settings of limits, cache, queue and brownout that change nothing. */
export const idleGateway = (notes: IdleNotes, { gateway, traffic }: World): void => {
  const path = ["gateway"];
  const limited = gateway.limits !== undefined || gateway.tokenBudgets !== undefined;
  notes.note([...path, "store"], !limited, "there are no limits to keep", "add gateway.limits");
  const repeated = traffic.some(({ repeat }) => repeat !== undefined && repeat.shareRatio > 0);
  const repeatHint = 'say what is asked again and again, as repeat: { share: "40%", contents: 10000 } of a traffic class';
  notes.note([...path, "cache"], !repeated, "no traffic class repeats requests", repeatHint);
  idleCache(notes, [...path, "cache"], gateway.cache);
  const leaves = ({ client }: World["traffic"][number]): boolean =>
    (client.deadlineMs ?? client.patienceMs ?? client.attemptTimeoutMs) !== undefined || client.hedge !== undefined;
  const stays = gateway.responseTimeLimitMs === undefined && !traffic.some(leaves);
  const leaveHint = 'let somebody, as client: { deadline: "30s" } of a traffic class';
  notes.note([...path, "onDisconnect"], stays, "nobody hangs up", leaveHint);
  notes.note([...path, "cache", "onLeaderCancel"], gateway.cache?.coalesce === true && stays, "nobody hangs up", leaveHint);
  notes.note([...path, "retry"], gateway.tries?.attempts === 1, "attempts is 1", "raise attempts");
  idleQueue(notes, { gateway, traffic });
  const canned = gateway.brownout?.levels.some(({ answer }) => answer.kind === "canned") === true;
  notes.note([...path, "brownout", "cannedTokens"], !canned, "no level answers with canned text", 'add a level with answer: "canned"');
};

const idleCache = (notes: IdleNotes, path: ReadonlyArray<string>, cache: World["gateway"]["cache"]): void => {
  if (cache === undefined || cache.coalesce) return;
  const why = "nobody waits for the load of another";
  notes.note([...path, "onLeaderCancel"], true, why, "set coalesce: true");
  notes.note([...path, "lease"], true, why, "set coalesce: true");
};

const idleQueue = (notes: IdleNotes, { gateway, traffic }: Pick<World, "gateway" | "traffic">): void => {
  const { queue, concurrency } = gateway;
  const timed = traffic.some(({ client }) => client.deadlineMs !== undefined || client.attemptTimeoutMs !== undefined);
  const deadlineHint = 'add client: { deadline: "30s" } to a traffic class';
  notes.note(["gateway", "queue", "deadlines"], queue?.rules.deadlines === true && !timed, "no client has a deadline", deadlineHint);
  const fair = ["gateway", "queue", "order", "fair"];
  if (queue?.fair !== undefined) {
    const { by } = queue.fair;
    const parties = new Set(traffic.map((spec) => (by === "tenant" ? spec.tenant : spec.name)));
    const hint = by === "tenant" ? "name tenants of the traffic classes, or use by: class" : "there is nobody to be fair to: leave it out";
    notes.note(fair, parties.size === 1, `there is one ${by}`, hint);
  }
  const excess = concurrency?.kind === "fixed" && (concurrency.perTenant ?? 0) >= concurrency.limit;
  notes.note(["gateway", "concurrency", "fixed", "perTenant"], excess, "the limit of all is as low", "make it smaller than limit");
};
