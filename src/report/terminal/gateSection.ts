import type { GateResult, Result } from "../../metric/Result.ts";
import { displayWidth, printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { align, span, wrapWords } from "./Line.ts";
import type { Style } from "./Style.ts";
import { sectionHeading } from "./sectionHeading.ts";

/** Each gate with its verdict and the reason. */
export const gateSection = ({ gates }: Result, width: number): ReadonlyArray<Line> => {
  if (gates.length === 0) return [];
  const verdictWidth = Math.max(...gates.map(({ verdict }) => displayWidth(SIGNS[verdict].text)));
  const expressionWidth = Math.max(...gates.map(({ expression }) => displayWidth(printable(expression))));
  const reasonWidth = Math.max(...gates.map(({ reason }) => displayWidth(printable(reason))));
  const beside = verdictWidth + expressionWidth + reasonWidth + 7 <= width;
  const lay = { verdictWidth, expressionWidth, beside, width };
  return [sectionHeading("gates", tally(gates), width), ...gates.flatMap((gate) => gateLines(gate, lay))];
};

const tally = (gates: ReadonlyArray<GateResult>): string => {
  const count = (verdict: GateResult["verdict"]): number => gates.filter((gate) => gate.verdict === verdict).length;
  const open = count("inconclusive");
  return `${count("pass")} of ${gates.length} passed${open > 0 ? `, ${open} inconclusive` : ""}`;
};

const SIGNS: {
  readonly [V in GateResult["verdict"]]: { readonly text: string; readonly style: Style };
} = {
  pass: { text: "✓ pass", style: "good" },
  fail: { text: "✗ FAIL", style: "bad" },
  inconclusive: { text: "? inconclusive", style: "fair" },
};

interface GateLayout {
  readonly verdictWidth: number;
  readonly expressionWidth: number;
  /** Whether the reason stands beside the expression, or below it. */
  readonly beside: boolean;
  readonly width: number;
}

const gateLines = (gate: GateResult, lay: GateLayout): ReadonlyArray<Line> => {
  const { text, style } = SIGNS[gate.verdict];
  const expression = printable(gate.expression);
  const head: Line = [span("  "), ...align([span(text, style)], lay.verdictWidth, "start"), span("  ")];
  const reason = { text: printable(gate.reason), style: "plain" as const, width: lay.width };
  if (lay.beside) return [[...head, ...align([span(expression, "strong")], lay.expressionWidth + 3, "start"), span(reason.text)]];
  return [
    ...wrapWords({ head, text: expression, style: "strong", width: lay.width }),
    ...wrapWords({ head: [span(" ".repeat(lay.verdictWidth + 4))], ...reason }),
  ];
};
