import { showCount, showNumber, showRatio } from "../../experiment/showQuantity.ts";
import type { Result } from "../../metric/Result.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";
import type { Style } from "./Style.ts";

type Gateway = Result["gateway"];

/** What the rules of gateway and clients did: a line where the scenario has any. */
export const ruleLines = (of: Gateway, width: number): ReadonlyArray<Line> => {
  const items = [...turnedAway(of), ...concurrency(of), ...brownout(of), ...store(of), ...clients(of)];
  return items.length === 0 ? [] : flow({ head: [span("  rules    ")], items, gap: 3, width });
};

const counted = (name: string, count: number, style: Style): Line => [
  span(`${name} `, "faint"),
  span(showCount(count), count > 0 ? style : "plain"),
];

const turnedAway = ({ limits, shed, breaker }: Gateway): ReadonlyArray<Line> => [
  ...(limits === undefined ? [] : [counted("rejected by limits", limits.rejected, "fair")]),
  ...(shed === undefined || total(shed) === 0
    ? []
    : [
        counted("shed", total(shed), "bad"),
        ...Object.entries(shed)
          .filter(([, count]) => count > 0)
          .map(([reason, count]) => counted(REASONS[reason] ?? reason, count, "plain")),
      ]),
  ...(breaker === undefined ? [] : [counted("refused by breakers", breaker.refused, "fair")]),
];

const REASONS: { readonly [reason: string]: string } = {
  queueFull: "queue full",
  tokensFull: "tokens full",
  lowPriority: "low priority",
  throttled: "throttled",
  delayed: "delayed",
  pastDeadline: "past their deadline",
  timedOut: "waited too long",
};

const concurrency = ({ concurrency: of }: Gateway): ReadonlyArray<Line> => {
  if (of === undefined) return [];
  return [
    [span("at once ", "faint"), span(`${showNumber(of.inFlight.mean)} / ${showNumber(of.inFlight.max)}`)],
    [span("allowed ", "faint"), span(`${showNumber(of.limit.mean)} / ${showNumber(of.limit.max)}`)],
    ...(of.rejected > 0 ? [counted("over the limit", of.rejected, "fair")] : []),
  ];
};

const brownout = ({ brownout: of }: Gateway): ReadonlyArray<Line> => {
  if (of === undefined) return [];
  const { timeRatio, ...answers } = of;
  const names: { readonly [K in keyof typeof answers]: string } = {
    shorter: "shorter",
    smallerModel: "by a smaller model",
    fromCache: "stale",
    canned: "canned",
  };
  return [
    [span("brownout ", "faint"), span(showRatio(timeRatio), timeRatio > 0 ? "fair" : "plain"), span(" of the time", "faint")],
    ...(Object.keys(names) as Array<keyof typeof names>)
      .filter((kind) => answers[kind] > 0)
      .map((kind) => counted(names[kind], answers[kind], "fair")),
  ];
};

const store = ({ store: of }: Gateway): ReadonlyArray<Line> =>
  of === undefined ? [] : [counted("store calls", of.calls, "plain"), counted("unanswered", of.unanswered, "bad")];

const clients = ({ clients: of }: Gateway): ReadonlyArray<Line> =>
  of === undefined
    ? []
    : [counted("blocked by clients' breakers", of.blockedByBreaker, "fair"), counted("by their throttles", of.blockedByThrottle, "fair")];

const total = (counts: { readonly [reason: string]: number }): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
