import { showCount, showDuration, showNumber, showRatio, showUsd } from "../../experiment/showQuantity.ts";
import type { CacheResult, PoolResult, Result } from "../../metric/Result.ts";
import { bar } from "./Bar.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, lineWidth, span, wrapWords } from "./Line.ts";
import { overheadText } from "./overheadText.ts";
import { ruleLines } from "./ruleLines.ts";
import { scalingLines } from "./scalingLines.ts";
import { schedulingLines } from "./schedulingLines.ts";
import type { Style } from "./Style.ts";
import { resourceLines } from "./resourceLines.ts";
import { sectionHeading } from "./sectionHeading.ts";
import type { Column } from "./Table.ts";
import { table } from "./Table.ts";

/** What the machines did: the gateway, one row per pool, what each pool is, and the cost. */
export const fleetSection = (result: Result, width: number): ReadonlyArray<Line> => [
  sectionHeading("fleet", "mean / max", width),
  ...gateway(result, width),
  ...poolRows(result.pools, width),
  ...result.pools.flatMap((pool) => resourceLines(pool, width)),
  ...result.pools.flatMap((pool) => portrait(pool, width)),
  ...cost(result, width),
];

const gateway = ({ gateway: of }: Result, width: number): ReadonlyArray<Line> => [
  ...flow({
    head: [span("  gateway  ")],
    items: [
      [span("router ", "faint"), span(printable(of.router))],
      [span("queue ", "faint"), span(pair(showNumber(of.queue.mean), showNumber(of.queue.max)))],
      ...(of.cut > 0 ? [[span("attempts cut ", "faint"), span(showNumber(of.cut), "bad")]] : []),
    ],
    gap: 3,
    width,
  }),
  ...ruleLines(of, width),
  ...(of.cache === undefined ? [] : cacheLines(of.cache, width)),
];

const cacheLines = (of: CacheResult, width: number): ReadonlyArray<Line> =>
  flow({
    head: [span("  cache    ")],
    items: [
      [span("of ", "faint"), span(showCount(of.requests)), span(" askers served ", "faint"), span(showRatio(of.hitRatio ?? 0), "good")],
      [span("from it ", "faint"), span(showCount(of.hits))],
      ...(of.stale > 0 ? [[span("stale ", "faint"), span(showCount(of.stale), "fair")]] : []),
      [span("by another's load ", "faint"), span(showCount(of.coalesced))],
      ...(of.negative > 0 ? [[span("failed again ", "faint"), span(showCount(of.negative), "bad")]] : []),
      ...(of.refused > 0 ? [[span("refused ", "faint"), span(showCount(of.refused), "bad")]] : []),
      [span("loads ", "faint"), span(showCount(of.loads))],
      ...(of.evictions > 0 ? [[span("evicted ", "faint"), span(showCount(of.evictions))]] : []),
    ],
    gap: 3,
    width,
  });

const pair = (mean: string, max: string, tight = false): string => (tight ? `${mean}/${max}` : `${mean} / ${max}`);

const column = (title: string, side: Column["side"] = "end"): Column => ({ title, side });

const COLUMNS: ReadonlyArray<Column> = [
  column("pool", "start"),
  column("GPUs"),
  column("utilization", "start"),
  column("waiting"),
  column("KV in use"),
  column("batch"),
  column("preempted"),
  column("prefix hits"),
  column("cost"),
];
/** Where no pool is an engine. */
const STATION_COLUMNS: ReadonlyArray<Column> = [
  column("pool", "start"),
  column("utilization", "start"),
  column("waiting"),
  column("in service"),
  column("cost"),
];
const SHORT_TITLES: { readonly [title: string]: string } = {
  utilization: "util",
  "KV in use": "KV",
  preempted: "preempt",
  "prefix hits": "hits",
};

/** Of these a station has nothing to say. */
const ENGINE_COLUMNS: ReadonlySet<string> = new Set(["GPUs", "KV in use", "preempted", "prefix hits"]);

/** The roomiest of a few layouts that fits; where none does, each pool's figures flow over several lines. */
const poolRows = (pools: ReadonlyArray<PoolResult>, width: number): ReadonlyArray<Line> => {
  const kept = pools.every(isStation) ? STATION_COLUMNS : COLUMNS;
  const short = kept.map(({ title, side }) => column(SHORT_TITLES[title] ?? title, side));
  const layouts: ReadonlyArray<Layout> = [
    { columns: kept, gap: 3, barWidth: 16, tight: false },
    { columns: kept, gap: 2, barWidth: 12, tight: false },
    { columns: kept, gap: 2, barWidth: 8, tight: false },
    { columns: short, gap: 2, barWidth: 8, tight: false },
    { columns: short, gap: 2, barWidth: 6, tight: true },
    { columns: short, gap: 1, barWidth: 5, tight: true },
    { columns: short, gap: 1, barWidth: 0, tight: true },
  ];
  for (const layout of layouts) {
    const lines = table({ ...layout, rows: pools.map((pool) => cells(pool, kept, layout)), indent: 2 });
    if (lines.every((line) => lineWidth(line) <= width)) return lines;
  }
  return pools.flatMap((pool) => flowing(pool, { kept, short }, width));
};

interface Layout {
  readonly columns: ReadonlyArray<Column>;
  readonly gap: number;
  readonly barWidth: number;
  /** Pairs without spaces around their stroke. */
  readonly tight: boolean;
}

const flowing = (
  pool: PoolResult,
  { kept, short }: { readonly kept: ReadonlyArray<Column>; readonly short: ReadonlyArray<Column> },
  width: number,
): ReadonlyArray<Line> => {
  const [name, ...rest] = cells(pool, kept, { barWidth: 6, tight: false });
  const items = rest.map((cell, index): Line => [span(`${short[index + 1]!.title} `, "faint"), ...cell]);
  return [[span("  "), ...name!], ...flow({ head: [span("    ")], items, gap: 3, width })];
};

const isStation = ({ kv }: PoolResult): boolean => kv === null;

const cells = (pool: PoolResult, columns: ReadonlyArray<Column>, layout: Pick<Layout, "barWidth" | "tight">): ReadonlyArray<Line> =>
  columns.map(({ title }) => (isStation(pool) && ENGINE_COLUMNS.has(title) ? [span("–")] : CELLS[title]!(pool, layout)));

const CELLS: { readonly [title: string]: (pool: PoolResult, layout: Pick<Layout, "barWidth" | "tight">) => Line } = {
  pool: ({ name }) => [span(printable(name), "strong")],
  GPUs: ({ gpus }) => [span(showNumber(gpus))],
  utilization: ({ utilization }, { barWidth }) => [
    ...bar(utilization, barWidth, fill(utilization)),
    span(barWidth > 0 ? " " : ""),
    span(showRatio(utilization).padStart(5)),
  ],
  waiting: ({ waiting }, { tight }) => [span(pair(showNumber(waiting.mean), showNumber(waiting.max), tight))],
  "KV in use": ({ kv }, { tight }) => [
    span(pair(showRatio(kv!.meanRatio), showRatio(kv!.maxRatio), tight), kv!.maxRatio >= 1 ? "fair" : "plain"),
  ],
  batch: ({ steps, batch }, { tight }) => [span(steps === 0 ? "–" : pair(showNumber(batch.mean), showNumber(batch.max), tight))],
  "in service": ({ batch }, { tight }) => [span(pair(showNumber(batch.mean), showNumber(batch.max), tight))],
  preempted: ({ preemptions }) => [span(showNumber(preemptions), preemptions > 0 ? "fair" : "plain")],
  "prefix hits": ({ prefixCache }) => [span(showRatio(prefixCache.queryTokens === 0 ? null : prefixCache.hitRatio))],
  cost: ({ costUsd }) => [span(showUsd(costUsd))],
};

/** A step always runs on a busy replica, long before it is saturated: full is a hint, not a fault. */
const fill = (utilization: number): Style => (utilization > 0.95 ? "fair" : "accent");

const portrait = (pool: PoolResult, width: number): ReadonlyArray<Line> => {
  const name = printable(pool.name);
  const most = pool.scaling !== undefined && pool.scaling.ready.max < pool.replicas ? "up to " : "";
  const text = `${most}${isStation(pool) ? stationText(pool) : engineText(pool)}`;
  return [
    ...schedulingLines(pool, width),
    ...scalingLines(pool, width),
    ...wrapWords({ head: [span(`  ${name}: `, "faint")], text, style: "faint", width }),
    ...qualityLines(pool, width),
    ...pool.warnings.flatMap((warning) =>
      wrapWords({
        head: [span("  ! ", "fair")],
        text: `${name}: ${printable(warning)}`,
        style: "fair",
        width,
      }),
    ),
  ];
};

const stationText = ({ replicas, stepSource }: PoolResult): string =>
  `${showNumber(replicas)} ${replicas === 1 ? "station" : "stations"} · ${printable(stepSource)}`;

const engineText = (pool: PoolResult): string => {
  const perReplica = pool.replicas > 0 ? pool.gpus / pool.replicas : pool.gpus;
  const kv = pool.kvDtype === undefined ? "" : ` · KV ${pool.kvDtype}`;
  const overhead = pool.requestOverhead === undefined ? "" : ` · prompts reach the engine after ${overheadText(pool.requestOverhead)}`;
  return `${showNumber(pool.replicas)} ${pool.replicas === 1 ? "replica" : "replicas"} of ${showNumber(perReplica)} ${printable(pool.gpu)} · ${printable(pool.model)}${kv} · step times: ${printable(pool.stepSource)}${overhead}`;
};

const qualityLines = ({ name, qualityCost }: PoolResult, width: number): ReadonlyArray<Line> => {
  if (qualityCost === null || qualityCost === undefined) return [];
  const text = `declared to cost ${showRatio(qualityCost.dropRatio)} of quality: ${printable(qualityCost.source)}`;
  return wrapWords({ head: [span(`  ${printable(name)}: `, "faint")], text, style: "faint", width });
};

/** Of the time after the warm-up, in which everything above was measured. */
const cost = ({ cost: of, simulatedMs, warmupMs, replications }: Result, width: number): ReadonlyArray<Line> => {
  const measured = showDuration(Math.max(0, simulatedMs - warmupMs));
  return flow({
    head: [span("  ")],
    items: [
      [
        span("cost ", "faint"),
        span(showUsd(of.totalUsd), "strong"),
        span(` in the ${measured} measured${replications > 1 ? " of each run" : ""}`, "faint"),
      ],
      [span(showUsd(of.perMillionOutputTokensUsd), "strong"), span(" per million output tokens", "faint")],
    ],
    gap: 3,
    width,
  });
};
