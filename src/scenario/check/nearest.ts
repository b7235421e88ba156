/** Least number of single-character edits that turn one text into the other, ignoring case. */
const editDistance = (from: string, to: string): number => {
  let previous = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = previous[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[to.length]!;
};

/** The candidate that the text was most likely meant to be, if any is near: at most half of its characters differ. */
export const nearest = (text: string, candidates: ReadonlyArray<string>): string | undefined => {
  let best: string | undefined;
  let least = Infinity;
  const written = text.slice(0, 64).toLowerCase();
  for (const candidate of candidates) {
    const distance = editDistance(written, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best !== undefined && least <= Math.max(1, Math.max(best.length, written.length) / 2) ? best : undefined;
};

/** A hint that names the nearest of the candidates, or lists them all. */
export const suggest = (text: string, candidates: ReadonlyArray<string>): string => {
  const near = nearest(text, candidates);
  return near === undefined ? `one of: ${candidates.join(", ")}` : `did you mean "${near}"?`;
};
