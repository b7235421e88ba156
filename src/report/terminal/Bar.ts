import type { Style } from "./Style.ts";
import type { Line } from "./Line.ts";
import { span } from "./Line.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A share in 0..1 as a bar of `width` columns in steps of an eighth; anything above 0 shows. Shares beyond 1 fill the bar. */
export const bar = (ratio: number, width: number, style: Style): Line => {
  if (width < 1) return [];
  const share = Number.isFinite(ratio) ? Math.min(Math.max(ratio, 0), 1) : 0;
  const eighths = share === 0 ? 0 : Math.max(1, Math.floor(share * width * 8));
  const filled = "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
  return [span(filled, style), span("░".repeat(width - filled.length), "faint")];
};

/** Parts of a whole, side by side on `width` columns; each part above 0 gets one column at least, the rest goes by largest remainder. */
export const stackedBar = (
  parts: ReadonlyArray<{ readonly count: number; readonly glyph: string; readonly style: Style }>,
  width: number,
): Line => {
  const columns = shareOut(
    parts.map(({ count }) => count),
    width,
  );
  return parts.map(({ glyph, style }, index) => span(glyph.repeat(columns[index]!), style));
};

/** Splits `columns` in proportion to `counts`: whole numbers that sum to `columns`, at least 1 for each count above 0 where there are enough. */
export const shareOut = (counts: ReadonlyArray<number>, columns: number): ReadonlyArray<number> => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return counts.map(() => 0);
  const exact = counts.map((count) => (count / total) * columns);
  const shares = exact.map((share, index) => (counts[index]! > 0 ? Math.max(1, Math.floor(share)) : 0));
  let left = columns - shares.reduce((sum, share) => sum + share, 0);
  while (left !== 0) {
    const step = Math.sign(left);
    const open = shares.map((_, index) => index).filter((index) => counts[index]! > 0 && (step > 0 || shares[index]! > 1));
    if (open.length === 0) return shares.map((_, index) => (index < columns ? 1 : 0));
    const chosen = open.reduce((best, index) =>
      step * (exact[index]! - shares[index]!) > step * (exact[best]! - shares[best]!) ? index : best,
    );
    shares[chosen]! += step;
    left -= step;
  }
  return shares;
};
