/** The known name with the fewest edits from a mistyped one, or undefined when none is near (at most a third of its letters, two at least). Ties go to the earlier name. Cost: product of the lengths per name. */
export const nearest = (text: string, known: ReadonlyArray<string>): string | undefined => {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - text.length) >= fewest) continue;
    const edits = editDistance(text.toLowerCase(), name.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      best = name;
    }
  }
  return best;
};

/** Insertions, deletions, replacements and swaps of neighbors that turn one text into the other (optimal string alignment). */
export const editDistance = (from: string, to: string): number => {
  let before: Array<number> = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[to.length]!;
};
