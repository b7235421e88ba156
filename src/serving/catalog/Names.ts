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

/** A part of a name says what is meant from so many letters on. */
const PART_LETTERS = 3;

/** Names that contain `text`; separators count nothing. */
export const namesWith = (text: string, candidates: ReadonlyArray<string>): ReadonlyArray<string> => {
  const part = squeeze(canonicalName(text));
  return part.length < PART_LETTERS ? [] : candidates.filter((candidate) => squeeze(candidate).includes(part));
};

const squeeze = (name: string): string => name.replaceAll(/[-.]/gu, "");

/** The shortest name that contains `text`, else the one with the smallest edit distance; the first of equals. Empty text for no candidates. */
export const nearestName = (text: string, candidates: ReadonlyArray<string>): string => {
  const name = squeeze(canonicalName(text));
  const containing = namesWith(text, candidates).toSorted((left, right) => left.length - right.length);
  if (containing.length > 0) return containing[0]!;
  let best = "";
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(name, squeeze(candidate));
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
