/** A request of a recorded run, as its file numbers it. */
export interface NumberedRow {
  readonly class: string;
  readonly id: number;
  readonly arrivalMs: number;
}

export interface IdGaps {
  /** Rows looked at: the first half of each class by arrival, since requests that had not ended with the run miss at its end. */
  readonly rows: number;
  /** Ids between the first and the last of those rows, by class. */
  readonly ids: number;
  /** The last id plus one, over all classes: about as many requests as there were from the start of the run on. */
  readonly total: number;
  /** Requests before the first row, over all classes: those of a warm-up. */
  readonly before: number;
  /** False where ids do not ascend with arrivals, as those of a closed loop: gaps mean nothing then. */
  readonly ascend: boolean;
}

/** Share of rows whose id may be below that of the row before: several clients that number together. */
const MOST_DESCENTS = 0.1;

/** Compares how many rows there are with how many ids: a sample of a run has fewer rows. Ids are whole numbers that count the arrivals of their class. */
export const idGaps = (rows: ReadonlyArray<NumberedRow>): IdGaps => {
  const gaps = [...Map.groupBy(rows, (row) => row.class).values()].map(gapsOfClass);
  const sum = (of: (gap: IdGaps) => number): number => gaps.reduce((total, gap) => total + of(gap), 0);
  return {
    rows: sum((gap) => gap.rows),
    ids: sum((gap) => gap.ids),
    total: sum((gap) => gap.total),
    before: sum((gap) => gap.before),
    ascend: gaps.every((gap) => gap.ascend),
  };
};

const gapsOfClass = (rows: ReadonlyArray<NumberedRow>): IdGaps => {
  const ids = rows.toSorted((x, y) => x.arrivalMs - y.arrivalMs || x.id - y.id).map(({ id }) => id);
  const half = ids.slice(0, Math.ceil(ids.length / 2));
  const descents = ids.filter((id, i) => i > 0 && id < ids[i - 1]!).length;
  return {
    rows: half.length,
    ids: most(half) + 1 + most(half.map((id) => -id)),
    total: most(ids) + 1,
    before: -most(half.map((id) => -id)),
    ascend: descents <= MOST_DESCENTS * ids.length,
  };
};

const most = (values: ReadonlyArray<number>): number => values.reduce((best, value) => Math.max(best, value), -Infinity);
