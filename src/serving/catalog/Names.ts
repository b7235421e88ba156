/** Lower case, separators as "-", vendor and organization prefixes removed: "NVIDIA H100_SXM" -> "h100-sxm", "meta-llama/Llama-3.1-8B" -> "llama-3.1-8b". */
export const canonicalName = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^.*\//, "")
    .replaceAll(/[\s_]+/g, "-")
    .replace(/^(nvidia|amd|geforce|instinct|meta)-/, "")
    .replace(/^(geforce|instinct)-/, "");

/** The row whose name or alias equals the canonical form of `text`. */
export const findByName = <T extends { readonly name: string; readonly aliases: ReadonlyArray<string> }>(
  rows: ReadonlyArray<T>,
  text: string,
): T | undefined => {
  const name = canonicalName(text);
  return rows.find((row) => row.name === name || row.aliases.includes(name));
};

/** The candidate with the smallest edit distance to `text`; the first of equals. Empty text for no candidates. */
export const nearestName = (text: string, candidates: ReadonlyArray<string>): string => {
  const name = canonicalName(text);
  let best = "";
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
};

/** Levenshtein distance with unit costs. */
const editDistance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
};
