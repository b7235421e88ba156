import type { Row } from "./Row.ts";

const SIGNIFICANT_DIGITS = 5;
const HEADINGS = ["model", "utilization", "quantity", "closed form", "simulated", "interval", "+-", "verdict"];
const FIRST_NUMBER = 3;
const LAST_NUMBER = 6;

/** The rows as aligned text. */
export const toText = (rows: ReadonlyArray<Row>): string => {
  const cells = [HEADINGS, ...rows.map(toCells)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => align(cell, column, widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};

const toCells = (row: Row): ReadonlyArray<string> => [
  row.model,
  row.at,
  row.quantity,
  digits(row.closedForm),
  digits(row.simulated),
  `${digits(row.low)} .. ${digits(row.high)}`,
  `${((50 * (row.high - row.low)) / row.simulated).toFixed(2)} %`,
  row.allowance > 0 ? `${row.verdict} (allows ${row.allowance.toPrecision(1)})` : row.verdict,
];

const align = (cell: string, column: number, width: number): string =>
  column >= FIRST_NUMBER && column <= LAST_NUMBER ? cell.padStart(width) : cell.padEnd(width);

const digits = (value: number): string =>
  Math.abs(value) >= 10 ** (SIGNIFICANT_DIGITS - 1) ? value.toFixed(0) : value.toPrecision(SIGNIFICANT_DIGITS);
