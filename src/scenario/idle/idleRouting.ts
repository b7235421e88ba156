import type { RouterChoice } from "../../policy/routing/index.ts";
import { isMapping } from "../check/Path.ts";
import type { ScenarioInput } from "../schema/ScenarioSchema.ts";
import type { World } from "../World.ts";
import type { IdleNotes } from "./IdleNotes.ts";

type Kind = RouterChoice["kind"];

const SEES_LOADS: ReadonlyArray<Kind> = [
  "leastOutstanding",
  "powerOfTwo",
  "prefixAffinity",
  "consistentHash",
  "leastConnections",
  "ewma",
  "peakEwma",
];
const SEES_WEIGHTS: ReadonlyArray<Kind> = ["weighted", "nginx", "leastConnections", "consistentHash", "ewma", "peakEwma"];
const SEES_BEGINNINGS: ReadonlyArray<Kind> = ["prefixAffinity", "consistentHash"];

/** Settings of the router, and of what is around it, that change nothing. */
export const idleRouting = (notes: IdleNotes, authored: ScenarioInput, { gateway, fleet, traffic, faults }: World): void => {
  const { router } = gateway;
  const { kind } = router;
  notes.note(
    ["gateway", "loadReports"],
    !SEES_LOADS.includes(kind),
    `${kind} does not look at loads`,
    "use a router that does, as leastOutstanding",
  );
  const shared = traffic.some(({ prefix, session, trace }) => prefix !== undefined || session !== undefined || trace !== undefined);
  const beginningHint = "it does as leastOutstanding: add prefix or session to a traffic class";
  notes.note(["gateway", "router"], SEES_BEGINNINGS.includes(kind) && !shared, "no two prompts begin alike", beginningHint);
  const written = authored.gateway?.router;
  const settings = isMapping(written) ? (written as { readonly [K in Kind]?: { readonly maxFails?: number | string } })[kind] : undefined;
  const never = Number(settings?.maxFails ?? NaN) === 0;
  notes.note(["gateway", "router", kind, "failTimeout"], never, "maxFails is 0: no replica is ever left out", "raise maxFails");
  const weighted = SEES_WEIGHTS.includes(kind) || router.slowStart !== undefined;
  const differ = new Set(fleet.map(({ weight }) => weight)).size > 1;
  for (const { name } of fleet) {
    const path = ["fleet", name, "weight"];
    notes.note(path, !weighted, `${kind} does not look at weights`, "use a router that does, as weighted");
    notes.note(path, weighted && !differ, "all pools have the same weight", "weigh pools against each other");
  }
  const primary = fleet.some(({ backup }) => !backup);
  for (const { name } of fleet) notes.note(["fleet", name, "backup"], !primary, "there is no primary", "leave one pool without it");
  const replicas = fleet.reduce((sum, pool) => sum + pool.replicas, 0);
  notes.note(["gateway", "outlierEjection"], replicas === 1, "the only replica is never left out", "add replicas");
  const joins =
    router.outlierEjection !== undefined ||
    fleet.some(({ startup, autoscale }) => startup !== undefined || autoscale !== undefined) ||
    faults.some((fault) => fault.kind === "replicaDown");
  notes.note(["gateway", "slowStart"], !joins, "no replica joins or comes back", "add a fault, as replicaDown, or autoscale to a pool");
};
